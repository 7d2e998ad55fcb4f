//! Helpers that programs use beside streams, which nothing else here needs: lists, rings, memory in chunks, text and
//! addresses. Not in libraries that are built without the cargo feature `helpers`.

pub mod addresses;
pub mod buflist;
pub mod buflist2;
mod line;
pub mod list_ptr;
pub mod lwsac;
pub mod lwsac_file;
pub mod rings;
mod segments;
pub mod strexp;
pub mod tokenize;
pub mod uri;
pub mod wsmsg;
