//! Streams that another process carries out (specification: "Stream serialization and proxying"):
//! the proxy, which has the policy and does the network for its clients.

pub mod server;
