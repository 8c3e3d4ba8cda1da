"""Static files: kept for ever where they are asked for with their mark, and sent compressed."""

import re
from functools import lru_cache
from pathlib import Path

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.compress import SMALL, gzipped, takes_gzip

_KINDS = ("text/", "image/svg", "application/manifest")


class CachedFiles(StaticFiles):
    """Static files; one that is asked for with the mark of its content is kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept, and compressed for those who take that."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            response = await _smaller(response, Headers(scope=scope))
        marked = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if marked else "no-cache"
        )
        return response


async def _smaller(file: FileResponse, asked: Headers) -> Response:
    kind = file.headers["content-type"]
    if not kind.startswith(_KINDS):
        return file
    file.headers.add_vary_header("Accept-Encoding")
    if "range" in asked or not takes_gzip(asked):
        return file
    etag = file.headers["etag"]
    body = await anyio.to_thread.run_sync(_compressed, str(file.path), etag)
    headers = {
        "content-encoding": "gzip",
        "vary": "Accept-Encoding",
        "etag": f"W/{etag}",
        "last-modified": file.headers["last-modified"],
    }
    return Response(body, media_type=kind, headers=headers)


@lru_cache(maxsize=100)
def _compressed(path: str, etag: str) -> bytes:
    """A file as small as can be; done once for each state of the file, which `etag` tells."""
    return gzipped(without_remarks(path, Path(path).read_bytes()), SMALL)


def without_remarks(path: str, body: bytes) -> bytes:
    """A script or style sheet without its remarks and its indentation: what a browser makes of it
    is the same. No text in ours goes over several lines, and none has a remark in it."""
    if path.endswith(".js"):
        body = re.sub(rb"(?m)^[ \t]*(//.*|/\*\*.*\*/)\n", b"", body)
        body = re.sub(rb"(?m)([;{,[(])[ \t]+// .*$", rb"\1", body)
    elif path.endswith(".css"):
        body = re.sub(rb"(?s)/\*.*?\*/\s*", b"", body)
    else:
        return body
    return re.sub(rb"(?m)^[ \t]+", b"", body)
