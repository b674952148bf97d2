"""A daemon with a browser of its own, and a site of one page."""

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"""<!doctype html><title>Count</title>
<button onclick="window.n = (window.n ?? 0) + 1">Go</button><a href="/other">Other</a>"""


class Daemon:
    """Serves until `stop`. `settings` are values of the configuration."""

    def __init__(self, binary, browser, **settings):
        command = [binary, "serve", "--listen", "127.0.0.1:0", "--set", "policy.private_networks=127.0.0.0/8"]
        for key, value in settings.items():
            command += ["--set", f"{key.replace('__', '.')}={value}"]
        self.log = open(os.environ.get("REST_JUDGE_LOG", os.devnull), "ab")
        environment = {**os.environ, "CHROME_PATH": browser}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{binary} ended before it listened")
        self.host = line.split("://")[1].split("/")[0].strip()
        self.url = f"http://{self.host}/v1"

    def stop(self):
        self.process.terminate()
        code = self.process.wait(30)
        self.log.close()
        return code


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def site():
    """The address of the page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"
