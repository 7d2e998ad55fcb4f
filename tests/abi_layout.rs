//! The C-visible structs as Rust sees them: sizes, alignments and offsets against
//! `tests/abi/baseline.json` (facts of libwebsockets 5.0.0). `abi_c.rs` does the same for C.
//!
//! The baseline is of a 64-bit machine, so there is nothing to compare on others.
#![cfg(target_pointer_width = "64")]

use std::collections::BTreeMap;
use std::mem::{align_of, offset_of, size_of};

use securestreams::ffi::types::*;

/// Size, alignment and the fields' offsets, in bytes.
struct Layout {
    size: usize,
    align: usize,
    fields: BTreeMap<String, usize>,
}

macro_rules! layouts {
    ($($name:ident { $($field:ident $(. $inner:ident)*),* $(,)? },)*) => {
        BTreeMap::from([$((
            stringify!($name),
            Layout {
                size: size_of::<$name>(),
                align: align_of::<$name>(),
                fields: BTreeMap::from([$((
                    path(stringify!($field $(. $inner)*)),
                    offset_of!($name, $field $(. $inner)*),
                )),*]),
            },
        )),*])
    };
}

/// A field's path as C spells it.
fn path(rust: &str) -> String {
    rust.replace("r#", "").replace(' ', "")
}

#[rustfmt::skip]
fn rust_layouts() -> BTreeMap<&'static str, Layout> {
    layouts! {
        lws_log_cx { u, u.emit, u.emit_cx, refcount_cb, prepend, parent, opaque, stg, lll_flags, refcount },
        lws_log_ratelimit { next_log_us, dropped },
        lws_dll2 { prev, next, owner },
        lws_dll2_owner { tail, head, count },
        lws_sorted_usec_list { list, us, cb, latency_us },
        lws_state_notify_link { list, notify_cb, name },
        lws_state_manager { notify_list, context, parent, smd_class, state_names, name, state },
        lws_retry_bo { retry_ms_table, retry_ms_table_count, conceal_count, secs_since_valid_ping, secs_since_valid_hangup, jitter_percent },
        lws_adopt_desc { vh, r#type, fd, vh_prot_name, parent, opaque, fi_wsi_name },
        lws_metric_pub { name, backend_opaque, us_first, us_last, us_dumped, u, u.agg, u.agg.sum, u.agg.min, u.agg.max, u.agg.count, u.hist, u.hist.head, u.hist.total_count, u.hist.list_size, flags },
        lws_system_ops { reboot, set_clock, attach, captive_portal_detect_request, metric_report, jit_trust_query, stdin_rx, wake_latency_us },
        lws_extension { name, callback, client_offer },
        lws_token_limits { token_limit },
        lws_fop_fd { fd, fops, filesystem_priv, pos, len, flags, mod_time },
        lws_fops_index { sig, len },
        lws_plat_file_ops { open, close, seek_cur, read, write, fi, next, cx },
        lws_protocols { name, callback, per_session_data_size, rx_buffer_size, id, user, tx_packet_size },
        lws_plugin_header { name, _class, lws_build_hash, api_magic, priority },
        lws_plugin_evlib { hdr, ops },
        lws_event_loop_ops { name, init_context, destroy_context1, destroy_context2, init_vhost_listen_wsi, init_pt, wsi_logical_close, check_client_connect_ok, close_handle_manually, sock_accept, io, run_pt, destroy_pt, destroy_wsi, foreign_thread, fake_POLLIN_override, sock_accept_parallel, io_parallel, close_handle_manually_parallel, promote_parallel, flags, evlib_size_ctx, evlib_size_pt, evlib_size_vh, evlib_size_wsi },
        lws_cc_ops { init, on_sent, on_ack, on_loss, on_discard, on_persistent_congestion, can_send, get_pacing_delay },
        lws_protocol_vhost_options { next, options, name, value },
        lws_http_mount { mount_next, mountpoint, origin, def, protocol, cgienv, extra_mimetypes, interpret, cgi_timeout, cache_max_age, auth_mask, bits, origin_protocol, mountpoint_len, basic_auth_login_file, cgi_chroot_path, cgi_wd, headers, keepalive_timeout, max_http_body_size },
        lws_context_creation_info { iface, protocols, extensions, token_limits, http_proxy_address, headers, reject_service_keywords, pvo, log_filepath, mounts, server_string, error_document_404, port, http_proxy_port, max_http_header_data2, max_http_header_pool2, keepalive_timeout, http2_settings, max_http_header_data, max_http_header_pool, ssl_private_key_password, ssl_cert_filepath, ssl_private_key_filepath, ssl_ca_filepath, ssl_cipher_list, tls_ciphers_iana, ecdh_curve, tls1_3_plus_cipher_list, server_ssl_cert_mem, server_ssl_private_key_mem, server_ssl_ca_mem, ssl_options_set, ssl_options_clear, simultaneous_ssl_restriction, simultaneous_ssl_handshake_restriction, ssl_info_event_mask, server_ssl_cert_mem_len, server_ssl_private_key_mem_len, server_ssl_ca_mem_len, alpn, client_ssl_private_key_password, client_ssl_cert_filepath, client_ssl_cert_mem, client_ssl_cert_mem_len, client_ssl_private_key_filepath, client_ssl_key_mem, client_ssl_ca_filepath, client_ssl_ca_mem, client_ssl_cipher_list, client_tls_ciphers_iana, client_tls_1_3_plus_cipher_list, ssl_client_options_set, ssl_client_options_clear, client_ssl_ca_mem_len, client_ssl_key_mem_len, provided_client_ssl_ctx, ka_time, ka_probes, ka_interval, timeout_secs, connect_timeout_secs, bind_iface, timeout_secs_ah_idle, tls_session_timeout, tls_session_cache_max, gid, uid, options, user, count_threads, fd_limit_per_thread, vhost_name, external_baggage_free_on_destroy, pt_serv_buf_size, fops, socks_proxy_address, socks_proxy_port, caps, count_caps, foreign_loops, signal_cb, pcontext, finalize, finalize_arg, listen_accept_role, listen_accept_protocol, pprotocols, username, groupname, unix_socket_perms, system_ops, retry_and_idle_policy, register_notifier_list, pss_policies_json, pss_plugins, ss_proxy_bind, ss_proxy_address, ss_proxy_port, txp_ops_ssproxy, txp_ssproxy_info, txp_ops_sspc, rlimit_nofile, early_smd_cb, early_smd_opaque, early_smd_class_filter, smd_ttl_us, smd_queue_depth, fo_listen_queue, event_lib_custom, log_cx, http_nsc_filepath, http_nsc_heap_max_footprint, http_nsc_heap_max_items, http_nsc_heap_max_payload, default_loglevel, vh_listen_sockfd, wol_if, lws_stub, argc, argv, quic_mtu, quic_tx_credit_cb, quic_cc_ops, quic_preferred_addresses, quic_initial_cwnd, quic_0rtt_max_size, max_http_body_size, pss_policies },
        lws_ss_info { streamtype, user_alloc, handle_offset, opaque_user_data_offset, rx, tx, state, manual_initial_tx_credit, client_pid, flags, sss_protocol_version },
        lws_metric_policy { next, name, report, us_schedule, us_decay_unit, min_contributors },
        lws_ss_x509 { next, vhost_name, ca_der, ca_der_len, bits },
        lws_ss_trust_store { next, name, ssx509, count },
        lws_ss_metadata { next, name, value__may_own_heap, length, value_length, value_is_http_token, bits },
        lws_ss_http_respmap { resp, state },
        lws_ss_auth { next, name, r#type, streamtype, blob_index },
        lws_ss_policy { next, streamtype, endpoint, rideshare_streamtype, payload_fmt, socks5_proxy, metadata, metrics, auth, pvo, u, u.http, u.http.method, u.http.url, u.http.multipart_name, u.http.multipart_filename, u.http.multipart_content_type, u.http.blob_header, u.http.auth_preamble, u.http.respmap, u.http.u, u.http.u.ws, u.http.u.ws.subprotocol, u.http.u.ws.binary, u.http.resp_expect, u.http.count_respmap, u.http.bits, u.mqtt, u.mqtt.topic, u.mqtt.subscribe, u.mqtt.will_topic, u.mqtt.will_message, u.mqtt.birth_topic, u.mqtt.birth_message, u.mqtt.keep_alive, u.mqtt.qos, u.mqtt.clean_start, u.mqtt.will_qos, u.mqtt.will_retain, u.mqtt.birth_qos, u.mqtt.birth_retain, u.mqtt.aws_iot, u.mqtt.retain, aws_region, aws_service, trust, trust.store, trust.server, trust.server.cert, trust.server.key, retry_bo, txc, txc_peer, proxy_buflen, proxy_buflen_rxflow_on_above, proxy_buflen_rxflow_off_below, client_buflen, client_buflen_rxflow_on_above, client_buflen_rxflow_off_below, timeout_ms, flags, port, metadata_count, protocol, client_cert, priority },
        lws_txp_path_client { ops_in, priv_in, ops_onw, priv_onw, mux },
        lws_txp_path_proxy { ops_in, priv_in, ops_onw, priv_onw, mux },
        lws_transport_client_ops { name, event_retry_connect, event_connect_disposition, req_write, _write, event_read, lost_coherence, _close, event_stream_up, event_client_up, event_can_write, event_closed, flags, dsh_splitat },
        lws_transport_proxy_ops { name, init_proxy_server, destroy_proxy_server, event_new_conn, event_onward_bind, proxy_req_write, event_proxy_can_write, proxy_write, event_close_conn, close_conn, proxy_read, event_client_up, proxy_check_write_more, flags },
        lws_transport_info { ping_interval_us, pong_grace_us, txp_cpath, txp_ppath, onward_txp_info, flags },
        lws_transport_mux { magic, cx, info, sul_ping, txp_handle, txp_aux, us_ping_in, us_ping_out, us_unixtime_peer, us_unixtime_peer_loc, mp_time, mp_time1, mp_state, mp_pay, mp_cmd, mp_idx, mp_ctr, _open, fin, pending_tx, owner, link_state, bits },
        lws_genhash_ctx { r#type, evp_type, mdctx },
        lws_genhmac_ctx { r#type, evp_type, ctx, key },
        lws_switches { sw, doc },
        lws_humanize_unit { name, factor },
        lws_parse_uri { scheme, host, path, port, unix_skt },
        lws_buflist2_owner { owner, total_len, limit },
        lws_wsmsg_info { head_upstream, private_heads, private_source_idx, optional_cb, opaque, buf, len, ss_flags },
        lws_b64state { quad, done, len, i, c },
        lws_tokenize { collect, start, token, len, token_len, state, line, effline, flags, delim, e, bits },
        lws_strexp { name, cb, r#priv, out, olen, pos, exp_ofs, name_pos, state },
        lejp_string_piece { next, piece, len },
        _lejp_stack { s, p, i, b },
        _lejp_parsing_stack { user, callback, paths, count_paths, ppos, path_match },
        lejp_ctx { user, pst, st, i, wild, path, buf, su, path_stride, line, uni, flags, npos, dcount, f, sp, ipos, count_paths, path_match, path_match_len, wildcount, pst_sp, outer_array },
        lws_sock_file_fd { sockfd, filefd },
    }
}

fn baseline() -> serde_json::Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/abi/baseline.json");
    let text = std::fs::read_to_string(file).expect("the baseline is in the repository");
    serde_json::from_str(&text).expect("the baseline is JSON")
}

/// The Rust field that holds a C field: bit-fields share one byte called `bits`.
fn rust_field(field: &serde_json::Value) -> String {
    let name = field["name"].as_str().expect("a name");
    if field.get("bits").is_none() {
        return name.to_owned();
    }
    match name.rsplit_once('.') {
        Some((outer, _)) => format!("{outer}.bits"),
        None => "bits".to_owned(),
    }
}

#[test]
fn structs_have_the_layout_of_the_baseline() {
    let baseline = baseline();
    let rust = rust_layouts();
    let mut checked = 0;
    for c in baseline["structs"].as_array().expect("structs") {
        // A union without a tag goes by its typedef.
        let name = match c["name"].as_str().expect("a name") {
            "" => c["typedef"].as_str().expect("a typedef").trim_end_matches("_type"),
            name => name,
        };
        let layout = rust.get(name).unwrap_or_else(|| panic!("{name} is not in rust_layouts()"));
        assert_eq!(layout.size as u64, c["size"], "size of {name}");
        assert_eq!(layout.align as u64, c["align"], "alignment of {name}");
        for field in c["fields"].as_array().expect("fields") {
            let rust_name = rust_field(field);
            let offset = layout.fields.get(&rust_name);
            let offset = offset.unwrap_or_else(|| panic!("{name}.{rust_name} is missing"));
            let bytes = field["offset_bits"].as_u64().expect("an offset") / 8;
            assert_eq!(*offset as u64, bytes, "offset of {name}.{rust_name}");
            checked += 1;
        }
    }
    assert!(checked > 400, "only {checked} fields were checked");
}

#[test]
fn constants_have_the_values_of_the_baseline() {
    let baseline = baseline();
    let source = types_source();
    let mut checked = 0;
    let enums = baseline["enums"].as_array().expect("enums");
    let values = enums.iter().filter_map(|e| e["values"].as_object());
    for (name, value) in values.chain(baseline["macros"].as_object()).flatten() {
        let ours = source.get(name.as_str());
        let ours = ours.unwrap_or_else(|| panic!("{name} is not in src/ffi/types"));
        assert_eq!(*ours, value.as_i64().expect("a number"), "value of {name}");
        checked += 1;
    }
    assert!(checked > 400, "only {checked} constants were checked");
}

/// Every constant of `src/ffi/types`, with its value, as written there.
fn types_source() -> BTreeMap<String, i64> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ffi/types");
    let mut all = BTreeMap::new();
    for file in std::fs::read_dir(folder).expect("src/ffi/types") {
        let text = std::fs::read_to_string(file.expect("an entry").path()).expect("a file");
        all.extend(text.replace("=\n", "=").lines().filter_map(constant));
    }
    all
}

/// `pub const NAME: type = VALUE;` or, in an enum, `NAME = VALUE,`.
fn constant(line: &str) -> Option<(String, i64)> {
    let (left, right) = line.trim().trim_start_matches("pub const ").split_once('=')?;
    let name = left.split(':').next()?.trim();
    let value = right.trim().trim_end_matches([';', ',']);
    let number = match value.split_once("<<") {
        Some((one, shift)) => {
            one.trim().parse::<i64>().ok()? << shift.trim().parse::<u32>().ok()?
        }
        None => match value.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(&hex.replace('_', ""), 16).ok()?,
            None => value.parse().ok()?,
        },
    };
    Some((name.to_owned(), number))
}
