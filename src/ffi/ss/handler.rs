//! The program's side of a stream: its object, its callbacks, its name.

use std::cell::{Cell, OnceCell};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::rc::{Rc, Weak};

use super::super::context::CContext;
use super::super::types::{
    lws_ss_constate_t, lws_ss_handle, lws_ss_info, lws_sscb_rx, lws_sscb_state, lws_sscb_tx,
};
use crate::engine::{Handler, StreamKey, TxAnswer};
use crate::stream::{Flags, Ret};
use crate::util::log;

/// The program's side of a stream: its object and its callbacks.
pub(in super::super) struct CHandler {
    pub user: UserObject,
    pub rx: Cell<lws_sscb_rx>,
    pub tx: Cell<lws_sscb_tx>,
    pub state: Cell<lws_sscb_state>,
    /// The tag as a C string, for `lws_ss_tag`.
    pub tag: Tag,
    layout: Layout,
    /// Where the streams of accepted connections belong; `None`: this one does not listen.
    parent: Option<Parent>,
}

/// Size of the program's object and what is put where in it.
#[derive(Clone, Copy)]
struct Layout {
    size: usize,
    handle_offset: usize,
    opaque_offset: usize,
}

/// What streams of accepted connections get from the listening one.
#[derive(Clone)]
struct Parent {
    context: Weak<CContext>,
    opaque: *mut c_void,
}

/// Bytes that a stream's tag has for the program, NUL included: as many as in the reference.
const TAG_ROOM: usize = 96;

/// A text at an address that does not change, which programs keep. Takes memory once asked for.
#[derive(Default)]
pub(in super::super) struct Tag(OnceCell<Box<[Cell<u8>; TAG_ROOM]>>);

impl Tag {
    /// Makes it say `text`, as far as there is room, and gives its address.
    pub fn put(&self, text: &str) -> *const c_char {
        let memory = self.0.get_or_init(|| Box::new([const { Cell::new(0) }; TAG_ROOM]));
        let mut len = text.len().min(TAG_ROOM - 1);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        for (place, byte) in memory.iter().zip(text.as_bytes()[..len].iter().chain([&0])) {
            place.set(*byte);
        }
        memory.as_ptr().cast()
    }
}

/// The program's object, zeroed when made and freed with the stream. The stream's handle lies in
/// front of it, for functions that programs give the object.
pub(in super::super) struct UserObject(pub *mut c_void);

/// Bytes in front of a program's object, as many as keep its alignment.
const IN_FRONT: usize = 16;

impl UserObject {
    pub fn new(size: usize) -> Option<Self> {
        // SAFETY: what is asked for is there to be stepped over.
        unsafe {
            let memory = libc::calloc(1, size.checked_add(IN_FRONT)?);
            (!memory.is_null()).then(|| Self(memory.byte_add(IN_FRONT)))
        }
    }

    /// Writes a pointer at an offset into the object.
    ///
    /// # Safety
    /// The object has room for it there.
    pub unsafe fn put<T>(&self, offset: usize, pointer: *mut T) {
        // SAFETY: as the caller promises.
        unsafe { self.0.byte_add(offset).cast::<*mut T>().write_unaligned(pointer) };
    }

    pub fn note_handle<T>(&self, handle: *mut T) {
        // SAFETY: the handle's place is in front of the object.
        unsafe { self.0.byte_sub(IN_FRONT).cast::<*mut T>().write(handle) };
    }

    /// The handle of the stream whose object this is.
    ///
    /// # Safety
    /// `object` is a stream's object.
    pub unsafe fn handle_of(object: *mut c_void) -> *mut lws_ss_handle {
        // SAFETY: as the caller promises.
        unsafe { object.byte_sub(IN_FRONT).cast::<*mut lws_ss_handle>().read() }
    }
}

/// The bytes that the object of a stream made with `ssi` needs.
pub(in super::super) fn object_size(ssi: &lws_ss_info) -> usize {
    let pointer = size_of::<*mut c_void>();
    let needed = ssi.user_alloc.max(ssi.handle_offset.saturating_add(pointer));
    needed.max(ssi.opaque_user_data_offset.saturating_add(pointer))
}

impl Drop for UserObject {
    fn drop(&mut self) {
        // SAFETY: the memory came from calloc, in front of the object, and is freed once.
        unsafe { libc::free(self.0.byte_sub(IN_FRONT)) };
    }
}

impl Handler for CHandler {
    fn state(&self, code: u32, ordinal: u32) -> Ret {
        let Some(callback) = self.state.get() else { return Ret::Ok };
        // SAFETY: the program's own callback with its own object, which lives as long as this
        // handler; no borrow of ours is held (see `engine`).
        let answer =
            unsafe { callback(self.user.0, null_mut(), code as lws_ss_constate_t, ordinal) };
        Ret::from_code(answer as c_int)
    }

    fn rx(&self, data: &[u8], flags: Flags) -> Ret {
        let Some(callback) = self.rx.get() else { return Ret::Ok };
        // SAFETY: as above; the data outlives the call.
        let answer = unsafe { callback(self.user.0, data.as_ptr(), data.len(), flags.bits()) };
        Ret::from_code(answer as c_int)
    }

    fn tx(&self, ordinal: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let callback = self.tx.get()?;
        let mut len = window.len();
        let mut flags: c_int = 0;
        // SAFETY: as above; the window is the program's alone during the call.
        let answer = unsafe {
            callback(self.user.0, ordinal, window.as_mut_ptr(), &raw mut len, &raw mut flags)
        };
        let flags = Flags::from_bits_truncate(flags);
        Some(TxAnswer { ret: Ret::from_code(answer as c_int), len, flags })
    }

    fn accept(&self) -> Option<Rc<dyn Handler>> {
        let Some(user) = UserObject::new(self.layout.size) else {
            log::err!("no memory for an object of {} bytes", self.layout.size);
            return None;
        };
        Some(Rc::new(CHandler {
            user,
            rx: self.rx.clone(),
            tx: self.tx.clone(),
            state: self.state.clone(),
            tag: Tag::default(),
            layout: self.layout,
            parent: self.parent.clone(),
        }))
    }

    fn made(&self, stream: StreamKey) -> bool {
        let Some(parent) = &self.parent else { return false };
        let Some(cx) = parent.context.upgrade() else { return false };
        let Some(handle) = cx.table.handle(cx.handle, stream) else {
            log::err!("too many streams");
            return false;
        };
        self.introduce(handle, parent.opaque);
        true
    }
}

impl CHandler {
    /// With an object of its own, zeroed; `None`: there is no memory for it.
    pub fn new(ssi: &lws_ss_info) -> Option<Self> {
        let layout = Layout {
            size: object_size(ssi),
            handle_offset: ssi.handle_offset,
            opaque_offset: ssi.opaque_user_data_offset,
        };
        Some(Self {
            user: UserObject::new(layout.size)?,
            rx: Cell::new(ssi.rx),
            tx: Cell::new(ssi.tx),
            state: Cell::new(ssi.state),
            tag: Tag::default(),
            layout,
            parent: None,
        })
    }

    /// May accept connections: their streams get the same callbacks, objects of their own and
    /// `opaque`.
    pub fn serving(self, context: &Rc<CContext>, opaque: *mut c_void) -> Self {
        Self { parent: Some(Parent { context: Rc::downgrade(context), opaque }), ..self }
    }

    /// Writes the stream's handle and the program's pointer into the object.
    pub fn introduce<T>(&self, handle: *mut T, opaque: *mut c_void) {
        self.user.note_handle(handle);
        // SAFETY: the object was made with room at both offsets, see `object_size`.
        unsafe {
            self.user.put(self.layout.handle_offset, handle);
            self.user.put(self.layout.opaque_offset, opaque);
        }
    }

    /// The program's object.
    pub fn object(&self) -> *mut c_void {
        self.user.0
    }

    /// Exchanges the callbacks that are given.
    pub fn change(&self, rx: lws_sscb_rx, tx: lws_sscb_tx, state: lws_sscb_state) {
        if rx.is_some() {
            self.rx.set(rx);
        }
        if tx.is_some() {
            self.tx.set(tx);
        }
        if state.is_some() {
            self.state.set(state);
        }
    }
}
