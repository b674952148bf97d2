// provisional
import type { Viewport } from "../protocol.js";
export interface Page { pageId: string; url: string; title: string }
export interface Session { sessionId: string; status: string; endReason?: string | null; expiresAt?: number|null; idleExpiresAt?: number|null; limits?: { heartbeatTimeoutMs?: number|null; idleTimeoutMs: number } | null }
export interface DownloadView { downloadId: string; name: string; state: string; bytes: number }
export interface UploadView { uploadId: string }
export interface CreateSession { maxDurationMs?: number; viewport?: Viewport }
