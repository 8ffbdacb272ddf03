"""Configurations of web servers for a mirror: exact types, one page per client's wish, caching.

The rules they keep: no 406; `Vary: Accept` where the answer depends on it; the JSON page's own type, since as
`application/json` pip skips it and uv fails; no guessing of types of archives.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from peep.formats.simple_pages import JSON_TYPE

IMMUTABLE = "public, max-age=31536000, immutable"
PAGES = "public, max-age=60"

_NGINX = Template("""\
# Stands within http { }.
types {
    text/html html;
    $json_type v1_json;
    application/json json;
    application/octet-stream whl gz tgz zip bz2 xz tar;
    text/plain metadata txt;
}
default_type application/octet-stream;

map $$http_accept $$peep_page {
    default index.html;
    "~application/vnd\\.pypi\\.simple\\.(v1|latest)\\+json" index.v1_json;
}

server {
    listen $listen;
    root "$root";
    absolute_redirect off;

    location = /mirror.toml { return 404; }
    location /files/      { add_header Cache-Control "$immutable"; }
    location /provenance/ { add_header Cache-Control "$immutable"; }
    location /simple/ {
        index $$peep_page;
        add_header Vary Accept always;
        add_header Cache-Control "$pages";
    }
    location /json/ {
        index index.v1_json;
        add_header Cache-Control "$pages";
    }
    location / { add_header Cache-Control "$pages"; }
}
""")

_CADDY = Template("""\
{
	admin off
	auto_https off
}

http://$listen {
	root * "$root"

	@private path /mirror.toml
	handle @private {
		respond 404
	}

	@immutable path /files/* /provenance/*
	header @immutable Cache-Control "$immutable"
	@pages not path /files/* /provenance/*
	header @pages Cache-Control "$pages"
	@metadata path *.metadata
	header @metadata Content-Type text/plain

	header /simple/* Vary Accept
	@json {
		path /simple/ /simple/*/
		header_regexp Accept application/vnd\\.pypi\\.simple\\.(v1|latest)\\+json
	}
	handle @json {
		header Content-Type $json_type
		try_files {path}index.v1_json =404
		file_server
	}
	@json_root path /json/ /json/*/
	handle @json_root {
		header Content-Type $json_type
		try_files {path}index.v1_json =404
		file_server
	}
	handle {
		file_server
	}
}
""")

SERVERS: Mapping[str, Template] = {"nginx": _NGINX, "caddy": _CADDY}


def server_config(server: str, root: str, listen: str) -> str:
    """The text for `server`, one of `SERVERS`: a mirror in the folder `root`, answering at ADDRESS:PORT.

    Raises `ValueError` for a folder or an address that the server's grammar cannot hold.
    """
    for text in (root, listen):
        if not text.isprintable() or any(letter in text for letter in '"\\{};$'):
            raise ValueError(f"{text!r} cannot stand in the configuration of {server}")
    values = {"root": root, "listen": listen, "json_type": JSON_TYPE, "immutable": IMMUTABLE, "pages": PAGES}
    return SERVERS[server].substitute(values)
