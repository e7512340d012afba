"""A mail server of somebody else's making that takes mails, slowly, or refuses them, and keeps what it took.

    sink.py PORT FOLDER

Each mail that was taken is a file of FOLDER, `TIME-NNNN.eml`, with the recipient as `X-Rcpt`. How a mail is treated follows from its recipient: `slow...` is answered after
two seconds, `busy...` with 451 the first time, `gone...` with 550, `ill...` with 554, `cut...` is taken and the connection cut in place of the answer the first
time. Ends with its stdin.
"""

import asyncio
import pathlib
import sys
import time

from aiosmtpd.smtp import SMTP


class Sink:
    def __init__(self, folder):
        self.folder, self.seen, self.count = folder, set(), 0

    def first(self, who):
        new = who not in self.seen
        self.seen.add(who)
        return new

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}>: no such user"
        if address.startswith("busy") and self.first(address):
            return "451 4.7.1 later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        who = envelope.rcpt_tos[0]
        if who.startswith("ill"):
            return "554 5.6.0 not this one"
        if who.startswith("slow"):
            await asyncio.sleep(2)
        self.count += 1
        name = self.folder / f"{time.time_ns()}-{self.count:04}"
        name.with_suffix(".part").write_bytes(f"X-Rcpt: {who}\r\n".encode() + envelope.original_content)
        name.with_suffix(".part").rename(name.with_suffix(".eml"))
        if who.startswith("cut") and self.first(who):
            server.transport.abort()
        return "250 taken"


async def main():
    port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    loop, sink = asyncio.get_running_loop(), Sink(folder)
    await loop.create_server(lambda: SMTP(sink, hostname="sink.example", enable_SMTPUTF8=True), "127.0.0.1", port)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
