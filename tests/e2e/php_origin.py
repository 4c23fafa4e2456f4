"""A real PHP origin: nginx in front of PHP-FPM, both unprivileged, on loopback."""

import shutil
from glob import glob
from pathlib import Path

from processes import Failure, accepts, hand_over, wait_until

HERE = Path(__file__).resolve().parent

FPM = """\
[global]
error_log = {dir}/fpm.error
daemonize = no
[www]
listen = {dir}/fpm.sock
listen.mode = 0600
pm = static
pm.max_children = 6
catch_workers_output = yes
env[E2E_BROKEN] = {dir}/broken
php_admin_value[upload_max_filesize] = 16M
php_admin_value[post_max_size] = 17M
php_admin_value[session.save_path] = {dir}
php_admin_value[upload_tmp_dir] = {dir}
"""

NGINX = """\
worker_processes 1;
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.error warn;
events {{ worker_connections 512; }}
http {{
  log_format short "$request_method $uri $status";
  access_log {dir}/requests.log short;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  client_max_body_size 16m;
  gzip on;
  gzip_vary on;
  gzip_proxied any;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      fastcgi_pass unix:{dir}/fpm.sock;
      fastcgi_param SCRIPT_FILENAME {dir}/index.php;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }}
  }}
}}
"""


class PhpOrigin:
    def __init__(self, processes, port):
        self.processes = processes
        self.port = port
        self.directory = processes.private_directory("php")
        for name, text in (("fpm.conf", FPM), ("nginx.conf", NGINX)):
            (self.directory / name).write_text(text.format(dir=self.directory, port=port))
        shutil.copy(HERE / "php/index.php", self.directory)
        hand_over(self.directory)
        self.broken = self.directory / "broken"
        self.running = []

    def start(self):
        programs = sorted(glob("/usr/sbin/php-fpm*"))
        if not programs:
            raise Failure("php-fpm is not installed")
        fpm = [programs[-1], "--nodaemonize", "--fpm-config", self.directory / "fpm.conf"]
        nginx = ["/usr/sbin/nginx", "-e", self.directory / "nginx.error"]
        nginx += ["-c", self.directory / "nginx.conf"]
        for name, command in (("php-fpm", fpm), ("php-nginx", nginx)):
            process = self.processes.start(name, command, cwd=self.directory, unprivileged=True)
            self.running.append(process)
        socket = self.directory / "fpm.sock"
        wait_until("PHP-FPM listens", socket.exists, 20, self.running[0])
        wait_until("nginx listens", lambda: accepts(self.port), 20, self.running[1])
        return self

    def stop(self):
        for process in reversed(self.running):
            self.processes.stop(process)
        self.running.clear()

    def requests(self, path, method="GET"):
        log = self.directory / "requests.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return sum(line.startswith(f"{method} {path} ") for line in lines)
