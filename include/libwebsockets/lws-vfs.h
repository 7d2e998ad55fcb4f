/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_VFS_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_VFS_H

/*
 * File operations.
 */
#include <libwebsockets/lws-base.h>

/** Names of the members of lws_plat_file_ops. */
#define LWS_FOP_OPEN open
#define LWS_FOP_CLOSE close
#define LWS_FOP_SEEK_CUR seek_cur
#define LWS_FOP_READ read
#define LWS_FOP_WRITE write

/** Which bits of the flags are the platform's. */
#define LWS_FOP_FLAGS_MASK ((1 << 23) - 1)
#define LWS_FOP_FLAG_COMPR_ACCEPTABLE_GZIP (1 << 24)
#define LWS_FOP_FLAG_COMPR_IS_GZIP (1 << 25)
#define LWS_FOP_FLAG_MOD_TIME_VALID (1 << 26)
#define LWS_FOP_FLAG_VIRTUAL (1 << 27)

#ifdef __cplusplus
extern "C" {
#endif

struct lws_fop_fd;
struct lws_fops_index;
struct lws_plat_file_ops;

/** An open file. */
typedef struct lws_fop_fd *lws_fop_fd_t;

/** An open file. */
struct lws_fop_fd {
    /** The descriptor, if there is one. */
    lws_filefd_type fd;
    /** The operations. */
    const struct lws_plat_file_ops *fops;
    /** Their own pointer. */
    void *filesystem_priv;
    /** Position. */
    lws_filepos_t pos;
    /** Length. */
    lws_filepos_t len;
    /** `LWS_FOP_FLAG_...`. */
    lws_fop_flags_t flags;
    /** Time of the last change, in seconds since 1970. */
    uint32_t mod_time;
};

/** Marks paths that these operations serve. */
struct lws_fops_index {
    /** What such a path contains. */
    const char *sig;
    /** Its length. */
    uint8_t len;
};

/** File operations: the platform's, or a program's. */
struct lws_plat_file_ops {
    /** Open: first the whole chain, then these operations, path, the path inside, flags. */
    lws_fop_fd_t (*open)(const struct lws_plat_file_ops*,
                         const struct lws_plat_file_ops*,
                         const char*,
                         const char*,
                         lws_fop_flags_t*);
    /** Close and free; sets the pointer to NULL. */
    int (*close)(lws_fop_fd_t*);
    /** Move by so much; returns the position. */
    lws_fileofs_t (*seek_cur)(lws_fop_fd_t, lws_fileofs_t);
    /** Read: done, buffer, room. */
    int (*read)(lws_fop_fd_t, lws_filepos_t*, uint8_t*, lws_filepos_t);
    /** Write: done, buffer, length. */
    int (*write)(lws_fop_fd_t, lws_filepos_t*, uint8_t*, lws_filepos_t);
    /** Paths that these operations serve. */
    struct lws_fops_index fi[3];
    /** The next operations, or NULL. */
    const struct lws_plat_file_ops *next;
    /** The context. */
    struct lws_context *cx;
};

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_VFS_H */
