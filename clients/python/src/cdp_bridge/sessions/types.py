from __future__ import annotations
from dataclasses import dataclass
from typing import Any
@dataclass
class Page:
    page_id: str
    url: str
    title: str
    @classmethod
    def from_wire(cls, w: Any) -> Page: return cls(w["pageId"], w["url"], w["title"])
@dataclass
class Session:
    session_id: str
    @classmethod
    def from_wire(cls, w: Any) -> Session: return cls(w["sessionId"])
@dataclass
class DownloadView:
    download_id: str
    name: str
    bytes: int
    state: str
    @classmethod
    def from_wire(cls, w: Any) -> DownloadView: return cls(w["downloadId"], w["name"], w["bytes"], w["state"])
@dataclass
class UploadView:
    upload_id: str
    @classmethod
    def from_wire(cls, w: Any) -> UploadView: return cls(w["uploadId"])
