"""The measured servers: one core and one worker each, no access log, origin kept alive.

Every cache may use 1 GiB of RAM; nginx, which caches in files, gets them on tmpfs.
"""

import getpass
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "demo"))
from processes import Failure, accepts, free_port, wait_until  # noqa: E402

SERVER_CPU = 0
LOAD_CPU = 1


class Server:
    """A row of the tables: a server on loopback, pinned to its CPU."""

    name = ""
    program = ""

    def __init__(self, processes, build, origin_port):
        self.processes = processes
        self.build = build
        self.origin_port = origin_port
        self.port = free_port()
        self.process = None

    @classmethod
    def is_installed(cls):
        return not cls.program or find_program(cls.program) is not None

    def launch(self, command, cpu=SERVER_CPU, **how):
        self.process = self.processes.start(f"{self.name}-{self.port}", command, cpu=cpu, **how)
        wait_until(f"{self.name} listens", lambda: accepts(self.port), 20, self.process)
        return self

    def write(self, file_name, text):
        path = self.processes.directory / file_name
        path.write_text(text)
        return path

    def prefix(self, kind, size, delay=0):
        return f"/{kind}/{size}/{delay}/"

    def pids(self):
        return self.process.family()

    def stop(self):
        self.processes.stop(self.process)


def find_program(name):
    return shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


class Origin(Server):
    name = "origin"

    def start(self):
        command = [self.build / "tests/bench/bench_origin", "--port", self.port]
        return self.launch(command, cpu=LOAD_CPU)


class Floor(Server):
    """Answers any path with bodies of one size, those of /keep/0, /keep/1 and so on in turn."""

    name = "floor"

    def start(self, size, pages=1000):
        command = [self.build / "tests/bench/bench_floor", "--port", self.port]
        return self.launch([*command, "--body", size, "--pages", pages])


class Isrd(Server):
    name = "isrd"

    def __init__(self, processes, build, origin_port, binary=None):
        super().__init__(processes, build, origin_port)
        self.binary = binary or build / "isrd"
        self.admin_port = free_port()

    def start(self, **how):
        # No route has `fresh`, so the origin's max-age rules, as with the others.
        config = self.write(
            f"isrd-{self.port}.yaml",
            f"""\
listen: ["127.0.0.1:{self.port}"]
workers: 1
admin:
  listen: 127.0.0.1:{self.admin_port}
  token_file: {self.processes.directory}/isrd-{self.port}.token
store: {{ memory: 1GiB }}
log: {{ level: warn, access: off }}
origins:
  bench: {{ url: "http://127.0.0.1:{self.origin_port}", connections: 256 }}
sites:
  - {{ name: bench, hosts: ["*"], origin: bench }}
""",
        )
        return self.launch([self.binary, "serve", "--config", config], **how)


NGINX = """\
worker_processes 1;
daemon off;
user {user};
pid {dir}/nginx-{port}.pid;
error_log {dir}/nginx-{port}.error warn;
worker_rlimit_nofile 65536;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  default_type text/html;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 300;
  keepalive_requests 1000000000;
  open_file_cache max=20000 inactive=1h;
  open_file_cache_valid 1h;
  proxy_cache_path {dir}/nginx-{port}-cache levels=1:2 keys_zone=bench:128m max_size=1g
                   inactive=1h use_temp_path=off;
  proxy_temp_path {dir}/nginx-{port}-proxy;
  client_body_temp_path {dir}/nginx-{port}-body;
  fastcgi_temp_path {dir}/nginx-{port}-fastcgi;
  uwsgi_temp_path {dir}/nginx-{port}-uwsgi;
  scgi_temp_path {dir}/nginx-{port}-scgi;
  upstream origin {{
    server 127.0.0.1:{origin};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffer_size 16k;
    proxy_buffers 16 32k;
    proxy_busy_buffers_size 64k;
    proxy_cache bench;
    proxy_cache_lock on;
    proxy_cache_use_stale updating error timeout;
    proxy_cache_background_update on;
    root {dir};
    location / {{ proxy_pass http://origin; }}
    location /static/ {{ }}
    # Measured: corked, bodies of this size cost twice as much; smaller ones cost less.
    location /keep/131072/ {{ proxy_pass http://origin; tcp_nopush off; }}
    location /static/131072/ {{ tcp_nopush off; }}
  }}
}}
"""


class Nginx(Server):
    name = "nginx"
    program = "nginx"

    def start(self):
        config = self.write(
            f"nginx-{self.port}.conf",
            NGINX.format(
                dir=self.processes.directory,
                port=self.port,
                origin=self.origin_port,
                user=getpass.getuser(),
            ),
        )
        return self.launch([find_program("nginx"), "-c", config])


class NginxStatic(Server):
    """The same nginx process, its files instead of its cache: the check of the floor."""

    name = "nginx file"
    program = "nginx"

    def __init__(self, nginx, sizes, pages):
        super().__init__(nginx.processes, nginx.build, nginx.origin_port)
        self.port = nginx.port
        self.process = nginx.process
        for size in sizes:
            directory = self.processes.directory / f"static/{size}/0"
            directory.mkdir(parents=True)
            for number in range(pages):
                path = f"{self.prefix('keep', size)}{number}"
                text = (path + "\n") * (size // len(path) + 1)
                (directory / str(number)).write_text(text[:size])

    def prefix(self, kind, size, delay=0):
        return f"/static/{size}/{delay}/"


class Varnish(Server):
    name = "varnish"
    program = "varnishd"

    def start(self):
        vcl = self.write(
            f"varnish-{self.port}.vcl",
            f"""\
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{self.origin_port}"; }}
""",
        )
        command = [find_program("varnishd"), "-F", "-j", "none"]
        command += ["-n", self.processes.directory / f"varnish-{self.port}"]
        command += ["-a", f"127.0.0.1:{self.port}", "-f", vcl, "-s", "malloc,1G"]
        for parameter in ("thread_pools=1", "thread_pool_min=200", "thread_pool_max=1000"):
            command += ["-p", parameter]
        return self.launch(command)


class Haproxy(Server):
    name = "haproxy"
    program = "haproxy"

    def start(self):
        config = self.write(
            f"haproxy-{self.port}.cfg",
            f"""\
global
  nbthread 1
  maxconn 8192
cache bench
  total-max-size 1024
  max-object-size 262144
  max-age 3600
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  http-reuse always
frontend site
  bind 127.0.0.1:{self.port} backlog 4096
  http-request cache-use bench
  http-response cache-store bench
  default_backend origin
backend origin
  server origin 127.0.0.1:{self.origin_port} pool-max-conn 256
""",
        )
        return self.launch([find_program("haproxy"), "-db", "-f", config])


RIVALS = (Nginx, Varnish, Haproxy)


def start_all(processes, build, origin_port, binary, names):
    """isrd and the rivals that are asked for; says which are not installed."""
    servers = []
    if not names or "isrd" in names:
        if not (binary or build / "isrd").exists():
            raise Failure(f"{binary or build / 'isrd'} is not there: ./dev build")
        servers.append(Isrd(processes, build, origin_port, binary).start())
    for rival in RIVALS:
        if names and rival.name not in names:
            continue
        if not rival.is_installed():
            print(f"{rival.name} is not installed and left out")
            continue
        servers.append(rival(processes, build, origin_port).start())
    return servers
