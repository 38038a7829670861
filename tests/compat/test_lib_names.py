"""The documented modules of `cherrypy.lib` have their documented names."""

from __future__ import annotations

from importlib import import_module

import pytest

NAMES: dict[str, str] = {
    "auth": "basic_auth check_auth digest_auth",
    "auth_basic": "basic_auth checkpassword_dict",
    "auth_digest": """
        DEFAULT_CHARSET FALLBACK_CHARSET H HttpDigestAuthorization TRACE digest_auth
        get_ha1_dict get_ha1_dict_plain get_ha1_file_htdigest md5_hex qop_auth
        qop_auth_int synthesize_nonce valid_algorithms valid_qops www_authenticate
    """,
    "cptools": """
        MonitoredHeaderMap SessionAuth accept allow autovary convert_params flatten
        ignore_headers log_hooks log_request_headers log_traceback proxy redirect
        referer response_headers session_auth trailing_slash validate_etags
        validate_since
    """,
    "headers": "parse_header",
    "httpauth": """
        AUTH AUTH_INT AUTH_RESPONSES AUTH_SCHEMES DIGEST_AUTH_ENCODERS MD5 MD5_SESS
        SUPPORTED_ALGORITHM SUPPORTED_QOP basicAuth calculateNonce checkResponse
        digestAuth doAuth md5SessionKey parseAuthorization
    """,
    "httputil": """
        AcceptElement CaseInsensitiveDict HTTPDate HeaderElement HeaderMap Host
        RE_HEADER_SPLIT SanitizedHost decode_TEXT decode_TEXT_maybe get_ranges
        header_elements header_translate_deletechars header_translate_table
        image_map_pattern parse_query_string protocol_from_http q_separator
        response_codes urljoin urljoin_bytes valid_status
    """,
    "jsontools": "json_handler json_in json_out json_processor",
    "lib": """
        file_generator file_generator_limited is_closable_iterator is_iterator
        set_vary_header
    """,
    "lockfile": """
        LockError LockFile SystemLockFile UnixLockFile UnlockError WindowsLockFile
    """,
    "locking": "LockChecker LockTimeout NeverExpires Timer",
    "reprconf": """
        Config NamespaceSet Parser as_dict attributes modules text_or_bytes unrepr
    """,
    "static": """
        UnsupportedOperation serve_download serve_file serve_fileobj staticdir
        staticfile
    """,
    "xmlrpcutil": "get_xmlrpclib on_error patched_path process_body respond",
}

MEMBERS: dict[str, str] = {
    "auth_digest.HttpDigestAuthorization": """
        scheme errmsg matches validate_nonce is_nonce_stale HA2 request_digest
    """,
    "cptools.MonitoredHeaderMap": "transform_key get has_key",
    "cptools.SessionAuth": """
        session_key debug check_username_and_password anonymous on_login on_logout
        on_check login_screen do_login do_logout do_check run
    """,
    "httputil.AcceptElement": "from_str qvalue",
    "httputil.CaseInsensitiveDict": """
        transform_key get has_key update fromkeys setdefault pop
    """,
    "httputil.HeaderElement": "parse from_str",
    "httputil.HeaderMap": """
        protocol encodings use_rfc_2047 elements values output encode_header_items
        encode_header_item encode
    """,
    "httputil.Host": "ip port name",
    "httputil.SanitizedHost": "dangerous",
    "lib.file_generator": "next",
    "lockfile.LockError": "msg",
    "lockfile.LockFile": "release remove",
    "lockfile.SystemLockFile": "release remove",
    "lockfile.UnlockError": "msg",
    "locking.LockChecker": "expired",
    "locking.NeverExpires": "expired",
    "locking.Timer": "after expired",
    "reprconf.Config": "defaults environments namespaces reset update",
    "reprconf.NamespaceSet": "copy",
    "reprconf.Parser": "optionxform read as_dict dict_from_file load",
}


def of(path: str) -> object:
    return import_module("cherrypy.lib" if path == "lib" else f"cherrypy.lib.{path}")


@pytest.mark.parametrize("module", NAMES)
def test_what_is_documented_of_a_module_is_there(module: str) -> None:
    missing = [name for name in NAMES[module].split() if not hasattr(of(module), name)]
    assert not missing


@pytest.mark.parametrize("path", MEMBERS)
def test_what_is_documented_of_a_class_is_there(path: str) -> None:
    module, _, name = path.rpartition(".")
    kind = getattr(of(module), name)
    assert not set(MEMBERS[path].split()) - set(dir(kind))
