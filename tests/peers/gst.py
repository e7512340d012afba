"""A WHIP publisher and a WHEP viewer on GStreamer's webrtcbin, as Debian has it.

    gst.py publish URL --token T    until its stdin is closed
    gst.py watch URL [--frames N]
    gst.py try                      whether all is there

Ends with one line of JSON on stdout, after two minutes at the latest.
"""

import argparse
import json
import signal
import sys
import threading
import time
import urllib.parse
import urllib.request
import zlib

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

PUBLISHED = """
  webrtcbin name=peer bundle-policy=max-bundle
  videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=15/1 ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30
    ! rtpvp8pay mtu=1160 ! application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000 ! peer.
  audiotestsrc is-live=true ! audioconvert ! audioresample ! opusenc
    ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000 ! peer.
"""
NEEDED = ["webrtcbin", "nicesrc", "dtlssrtpenc", "srtpenc", "vp8enc", "vp8dec", "rtpvp8pay", "opusenc", "opusdec", "rtpopuspay", "videotestsrc", "audiotestsrc"]
VIEWED = [
    "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2",
]


def ask(method, url, token=None, body=None):
    headers = {"Content-Type": "application/sdp"} if body else {}
    if token:
        headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(url, method=method, data=body and body.encode(), headers=headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        return response.status, urllib.parse.urljoin(url, response.headers.get("Location") or ""), response.read().decode()


class Session:
    """One offer, sent when all candidates are known, and its answer."""

    def __init__(self, pipeline, args):
        self.peer, self.args, self.session, self.loop = pipeline.get_by_name("peer"), args, None, GLib.MainLoop()
        self.peer.connect("notify::ice-gathering-state", self.gathered)
        # An offer can be made once everything is linked.
        GLib.timeout_add(300, self.offer)

    def offer(self):
        self.peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offered, None))

    def offered(self, promise, _):
        # Each of these lives in the one before and is gone with it.
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        self.peer.emit("set-local-description", offer, None)

    def gathered(self, peer, _):
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self.post)

    def post(self):
        offer = self.peer.get_property("local-description")
        _, self.session, answer = ask("POST", self.args.url, self.args.token, offer.sdp.as_text())
        _, sdp = GstSdp.SDPMessage.new_from_text(answer)
        self.peer.emit("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp), None)


def publish(args):
    pipeline = Gst.parse_launch(PUBLISHED)
    session = Session(pipeline, args)
    threading.Thread(target=lambda: (sys.stdin.read(), session.loop.quit()), daemon=True).start()
    pipeline.set_state(Gst.State.PLAYING)
    session.loop.run()
    status = ask("DELETE", session.session, args.token)[0]
    pipeline.set_state(Gst.State.NULL)
    return {"deleted": status}


def watch(args):
    pipeline = Gst.Pipeline()
    peer = Gst.ElementFactory.make("webrtcbin", "peer")
    peer.set_property("bundle-policy", "max-bundle")
    pipeline.add(peer)
    session = Session(pipeline, args)
    pictures, sounds, size = [], [], []

    def decoded(_, pad):
        caps = pad.get_current_caps().get_structure(0)
        video = caps.get_name().startswith("video")
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("signal-handoffs", True)
        sink.set_property("sync", False)

        def frame(_sink, buffer, _pad):
            data = buffer.extract_dup(0, buffer.get_size())
            (pictures if video else sounds).append(zlib.crc32(data) if video else max(data) > 0)
            if min(len(pictures), len(sounds)) >= args.frames:
                session.loop.quit()

        sink.connect("handoff", frame)
        pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))
        if video:
            size.extend([caps.get_value("width"), caps.get_value("height")])

    def came(_, pad):
        decoder = Gst.ElementFactory.make("decodebin")
        decoder.connect("pad-added", decoded)
        pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    session.peer.connect("pad-added", came)
    for caps in VIEWED:
        session.peer.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))
    pipeline.set_state(Gst.State.PLAYING)
    GLib.timeout_add_seconds(40, session.loop.quit)
    session.loop.run()
    status = ask("DELETE", session.session)[0]
    pipeline.set_state(Gst.State.NULL)
    return {"deleted": status, "frames": len(pictures), "different": len(set(pictures)), "sounds": len(sounds), "loud": sum(sounds), "size": size}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["publish", "watch", "try"])
    parser.add_argument("url", nargs="?")
    parser.add_argument("--token")
    parser.add_argument("--frames", type=int, default=30)
    args = parser.parse_args()
    # Whatever hangs, the process does not.
    signal.alarm(120)
    Gst.init(None)
    if args.what == "try":
        return sys.exit(not all(Gst.ElementFactory.find(name) for name in NEEDED))
    print(json.dumps({"publish": publish, "watch": watch}[args.what](args)), flush=True)


main()
