"""Twisted's LineReceiver, as its documentation has a chat: each line goes to everybody who is there.

The process speaks as the servers in TypeScript do: `ready PORT`, `cpu` for the microseconds that it has spent, an end with stdin.
"""

import time

from twisted.internet import reactor, stdio
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver


class Member(LineReceiver):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)
        self.factory.members.add(self)
        self.sendLine(b"welcome")

    def lineReceived(self, line):
        for member in self.factory.members:
            member.sendLine(line)

    def connectionLost(self, reason):
        self.factory.members.discard(self)


class Room(Factory):
    protocol = Member

    def __init__(self):
        self.members = set()


class Parent(LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        if line == b"cpu":
            print(round(time.process_time() * 1e6), flush=True)
        else:
            print("error no such question:", line.decode(), flush=True)

    def connectionLost(self, reason):
        if reactor.running:
            reactor.stop()


port = reactor.listenTCP(0, Room(), interface="127.0.0.1", backlog=511)
stdio.StandardIO(Parent())
print("ready", port.getHost().port, flush=True)
reactor.run()
