"""A push service for browsers that are not there: it makes subscriptions, keeps their keys, and opens what it is sent.

    push.py PORT

POST /subscriptions {"key": VAPID key}  a new one, as a browser gives it
POST /answers {"endpoint", "status"}    how it answers from now on: 410 forgets the subscription for good, "hang" says nothing; "after" is a Retry-After
GET /taken                              everything that was taken, in order, opened
POST /push/ID                           what servers send (RFC 8030, 8188, 8291, 8292)

It shares no code with ours: the keys are those of `cryptography`. Ends with its stdin.
"""

import base64
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SUBSCRIPTIONS, TAKEN, LOCK = {}, [], threading.Lock()


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive(salt, secret, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def opened(subscription, body):
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    theirs, record = body[21 : 21 + length], body[21 + length :]
    assert len(body) <= 4096 and len(record) <= size, "one record"
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    shared = subscription["private"].exchange(ec.ECDH(), public)
    secret = derive(subscription["auth"], shared, b"WebPush: info\0" + subscription["public"] + theirs, 32)
    key, nonce = derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16), derive(salt, secret, b"Content-Encoding: nonce\0", 12)
    plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
    assert plain[-1] == 2, "the last record"
    return json.loads(plain[:-1])


def proven(header, subscription):
    """The claims of whoever sends, if they are signed with the key that the subscription is for."""
    scheme, _, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid" and parts["k"] == subscription["key"], "the key of the subscription"
    head, claims, signature = parts["t"].split(".")
    assert json.loads(data(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = data(signature)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data(parts["k"]))
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(data(claims))


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=None, after=None):
        raw = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        if after is not None:
            self.send_header("Retry-After", after)
        self.end_headers()
        self.wfile.write(raw)

    def origin(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def do_GET(self):
        with LOCK:
            self.say(200, TAKEN)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        with LOCK:
            if self.path == "/subscriptions":
                return self.say(201, self.subscribe(json.loads(body)["key"]))
            if self.path == "/answers":
                asked = json.loads(body)
                SUBSCRIPTIONS[asked["endpoint"].rsplit("/", 1)[1]].update(status=asked["status"], after=asked.get("after"))
                return self.say(204)
        subscription = SUBSCRIPTIONS.get(self.path.rsplit("/", 1)[1])
        if subscription is None:
            return self.say(404)
        status = subscription["status"]
        if status == "hang":
            time.sleep(600)
        try:
            claims = proven(self.headers["Authorization"], subscription)
            assert claims["aud"] == self.origin()
        except Exception as error:
            return self.say(403, str(error))
        if self.headers["TTL"] is None or self.headers["Content-Encoding"] != "aes128gcm":
            return self.say(400)
        if status == 410:
            del SUBSCRIPTIONS[self.path.rsplit("/", 1)[1]]
        if status == 201:
            with LOCK:
                TAKEN.append({"endpoint": self.origin() + self.path, "ttl": int(self.headers["TTL"]), "claims": claims, "told": opened(subscription, body)})
        self.say(status, after=subscription.get("after"))

    def subscribe(self, key):
        private = ec.generate_private_key(ec.SECP256R1())
        public = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        auth, name = os.urandom(16), text(os.urandom(9))
        SUBSCRIPTIONS[name] = {"private": private, "public": public, "auth": auth, "key": key, "status": 201}
        return {"endpoint": f"{self.origin()}/push/{name}", "expirationTime": None, "keys": {"p256dh": text(public), "auth": text(auth)}}


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
