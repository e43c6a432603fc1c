"""A local receiver of OpenTelemetry spans: OTLP over HTTP, protobuf."""

from __future__ import annotations

import gzip
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.servers.local import LocalServer, QuietHandler


class OtlpServer(LocalServer):
    """Serves on a free port of 127.0.0.1 while the context is open; keeps what arrives."""

    PATH = ""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        super().__init__(_handler(self))

    def spans(self) -> dict[str, Span]:
        """Every span that arrived, by its name."""
        return {
            span.name: span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }

    def text(self) -> str:
        """All that arrived, as one text."""
        return "\n".join(str(request) for request in self.requests)


def attributes(span: Span) -> dict[str, Any]:
    """The attributes of a span, as Python values."""
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value")
        for one in span.attributes
    }


def _handler(server: OtlpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            server.requests.append(ExportTraceServiceRequest.FromString(body))
            data = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
