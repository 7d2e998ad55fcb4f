//! Streams whose life another process carries out: the proxy has the policy and does the network,
//! its clients hand over every action on a byte link (see [`proto::sss`](crate::proto::sss);
//! specification: "Stream serialization and proxying").

pub mod client;
pub mod server;
pub mod tls;
