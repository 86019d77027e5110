# OpenStack Swift with its S3 API, all of it in this one process: account, container, object and proxy server on free ports
# of this machine, with one device in a folder: server.py FOLDER. It tells the port of the S3 API in one line of JSON. Then
# each line of its standard input is the name of a bucket to make, answered by a line; it ends when that does. Needs
# nothing of /etc and no rights, but a file system with extended attributes.
import json
import os
import sys

folder = os.path.abspath(sys.argv[1])
devices = os.path.join(folder, 'devices')
os.makedirs(os.path.join(devices, 'one'))
with open(os.path.join(folder, 'swift.conf'), 'w') as file:
    file.write('[swift-hash]\nswift_hash_path_suffix = gate\n')

from swift.common import utils  # noqa: E402

# Whatever else of Swift is loaded reads it from here.
utils.SWIFT_CONF_FILE = os.path.join(folder, 'swift.conf')
utils.HASH_PATH_SUFFIX = b'gate'
utils.eventlet_monkey_patch()

import eventlet  # noqa: E402
import eventlet.wsgi  # noqa: E402
from swift.account.server import AccountController  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.swob import Request  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.server import ObjectController  # noqa: E402

ACCOUNT = 'AUTH_gate'
PROXY = '''[DEFAULT]
swift_dir = %s
[pipeline:main]
pipeline = cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
auth_pipeline_check = false
[filter:tempauth]
use = egg:swift#tempauth
user_gate_gate = gate-secret-of-32-characters-long .admin
[filter:slo]
use = egg:swift#slo
'''


def serve(listener, app):
    eventlet.spawn(eventlet.wsgi.server, listener, app, utils.NullLogger(), protocol=SwiftHttpProtocol)


def start_storage(kind, controller):
    listener = eventlet.listen(('127.0.0.1', 0))
    ring = RingBuilder(1, 1, 1)
    ring.add_dev({'region': 1, 'zone': 1, 'weight': 1, 'ip': '127.0.0.1', 'port': listener.getsockname()[1], 'device': 'one'})
    ring.rebalance()
    ring.get_ring().save(os.path.join(folder, '%s.ring.gz' % kind))
    serve(listener, controller({'devices': devices, 'mount_check': 'false', 'swift_dir': folder}))


def main():
    start_storage('account', AccountController)
    start_storage('container', ContainerController)
    start_storage('object', ObjectController)
    with open(os.path.join(folder, 'proxy.conf'), 'w') as conf:
        conf.write(PROXY % folder)
    app = loadapp(os.path.join(folder, 'proxy.conf'))
    listener = eventlet.listen(('127.0.0.1', 0))
    serve(listener, app)
    print(json.dumps({'s3': listener.getsockname()[1]}), flush=True)
    while True:
        name = eventlet.tpool.execute(sys.stdin.readline).strip()
        if not name:
            break
        environ = {'REQUEST_METHOD': 'PUT', 'swift.authorize_override': True}
        print(Request.blank('/v1/%s/%s' % (ACCOUNT, name), environ).get_response(app).status_int, flush=True)
    os._exit(0)


main()
