"""A WHIP publisher and a WHEP viewer on aiortc: pictures are encoded and decoded by somebody else's code.

    aio.py publish URL --token T [--codec vp8|h264] [--like-obs]    until its stdin is closed
    aio.py watch URL [--frames N] [--seconds N]

Ends with one line of JSON on stdout, after two minutes at the latest. `--like-obs` takes away what OBS does not have: AEAD for SRTP, an ear for requests, other codecs.
"""

import argparse
import asyncio
import fractions
import json
import signal
import sys
import time
import urllib.parse
import urllib.request
import zlib

import aioice.ice
import aiortc
from aiortc import rtcdtlstransport
from av import AudioFrame, VideoFrame

WIDTH, HEIGHT, RATE = 320, 180, 15
KEY_FRAMES_EVERY = 1.0

# aioice leaves the loopback interface out, which is the only one that a test needs.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Bars(aiortc.VideoStreamTrack):
    """Bars that move: no picture is like the one before."""

    async def recv(self):
        started = getattr(self, "started", None) or time.time()
        self.started, self.count = started, getattr(self, "count", -1) + 1
        await asyncio.sleep(max(0, started + self.count / RATE - time.time()))
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            line = bytes(((x // 8 + self.count) * 23) % 200 + 20 for x in range(plane.line_size))
            plane.update(line * plane.height)
        frame.pts, frame.time_base = self.count * 90000 // RATE, fractions.Fraction(1, 90000)
        return frame


class Buzz(aiortc.AudioStreamTrack):
    """A tone of 20 ms pieces, 48 kHz."""

    async def recv(self):
        started = getattr(self, "started", None) or time.time()
        self.started, self.count = started, getattr(self, "count", -1) + 1
        await asyncio.sleep(max(0, started + self.count * 0.02 - time.time()))
        frame = AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(b"".join(((n % 96 - 48) * 200).to_bytes(2, "little", signed=True) for n in range(960)))
        frame.sample_rate, frame.pts, frame.time_base = 48000, self.count * 960, fractions.Fraction(1, 48000)
        return frame


def ask(method, url, token=None, body=None):
    """One request; returns status, session URL and text."""
    headers = {"Content-Type": "application/sdp"} if body else {}
    if token:
        headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(url, method=method, data=body and body.encode(), headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as response:
        # May be absolute or relative to what was asked (RFC 9725, section 4.2).
        session = urllib.parse.urljoin(url, response.headers.get("Location") or "")
        return response.status, session, response.read().decode()


async def connect(peer, url, token):
    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp
    _, session, answer = await asyncio.to_thread(ask, "POST", url, token, offer)
    await peer.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))
    return session, offer


async def up(peer):
    while peer.connectionState != "connected":
        if peer.connectionState in ("failed", "closed"):
            raise SystemExit("not connected: " + peer.connectionState)
        await asyncio.sleep(0.02)


def new_peer():
    return aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))


async def publish(args):
    if args.like_obs:
        rtcdtlstransport.SRTP_PROFILES[:] = [rtcdtlstransport.SRTP_AES128_CM_SHA1_80]
    peer = new_peer()
    peer.addTransceiver(Buzz(), direction="sendonly")
    video = peer.addTransceiver(Bars(), direction="sendonly")
    codecs = aiortc.RTCRtpSender.getCapabilities("video").codecs
    wanted = [codec for codec in codecs if codec.mimeType.lower() == "video/" + args.codec]
    video.setCodecPreferences(wanted[-1:] if args.like_obs else wanted)
    key_frame, requests = video.sender._send_keyframe, []
    video.sender._send_keyframe = lambda: requests.append(1) if args.like_obs else key_frame()
    session, offer = await connect(peer, args.url, args.token)
    await up(peer)
    closed = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while peer.connectionState == "connected" and not closed.done():
        await asyncio.wait([closed], timeout=KEY_FRAMES_EVERY)
        if args.like_obs:
            key_frame()
    status, _, _ = await asyncio.to_thread(ask, "DELETE", session, args.token)
    srtp = video.sender.transport._ssl.get_selected_srtp_profile().decode()
    await peer.close()
    return {"deleted": status, "srtp": srtp, "requests": len(requests), "offered": offer.count("H264/90000"), "modes": offer.count("packetization-mode=1")}


async def watch(args):
    peer = new_peer()
    receivers = [peer.addTransceiver(kind, direction="recvonly").receiver for kind in ("audio", "video")]
    session, _ = await connect(peer, args.url, args.token)
    pictures, sounds = [], []
    ends = time.time() + args.seconds

    async def take(track, into, digest):
        while True:
            into.append(digest(await track.recv()))

    takers = [
        asyncio.ensure_future(take(receivers[0].track, sounds, lambda frame: max(bytes(frame.planes[0])[1::2]) > 0)),
        asyncio.ensure_future(take(receivers[1].track, pictures, lambda frame: (frame.width, frame.height, zlib.crc32(bytes(frame.planes[0]))))),
    ]
    while time.time() < ends and (len(pictures) < args.frames or len(sounds) < args.frames):
        await asyncio.sleep(0.05)
    for taker in takers:
        taker.cancel()
    status, _, _ = await asyncio.to_thread(ask, "DELETE", session, args.token)
    await peer.close()
    size = list(pictures[-1][:2]) if pictures else None
    return {"deleted": status, "frames": len(pictures), "different": len(set(pictures)), "sounds": len(sounds), "loud": sum(sounds), "size": size}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["publish", "watch"])
    parser.add_argument("url")
    parser.add_argument("--token")
    parser.add_argument("--codec", default="vp8")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--like-obs", action="store_true")
    args = parser.parse_args()
    # Whatever hangs, the process does not.
    signal.alarm(120)
    print(json.dumps(asyncio.run({"publish": publish, "watch": watch}[args.what](args))), flush=True)


main()
