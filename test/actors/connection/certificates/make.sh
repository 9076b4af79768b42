#!/usr/bin/env bash
# Makes the certificates of the tests anew, with openssl. They are kept since not every machine has that; the keys are no secret.
set -euo pipefail
cd "$(dirname "$0")"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# An authority, which signs all but the last.
key authority
openssl req -x509 -new -key authority.key -days 36500 -subj '/CN=greenroom test authority' -out authority.pem

# NAME DAYS SUBJECT ALTERNATIVE-NAMES
signed() {
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$3" |
    openssl x509 -req -CA authority.pem -CAkey authority.key -days "$2" -extfile <(echo "subjectAltName=$4") -out "$1.pem"
}
signed server 36500 localhost DNS:localhost,IP:127.0.0.1
signed renewed 36500 localhost DNS:localhost,IP:127.0.0.1
signed example 36500 example.test DNS:example.test
signed wildcard 36500 wild.test 'DNS:*.wild.test'
signed client 36500 client DNS:client
signed expired -1 localhost DNS:localhost,IP:127.0.0.1

key stranger
openssl req -x509 -new -key stranger.key -days 36500 -subj /CN=localhost -addext subjectAltName=DNS:localhost -out stranger.pem
rm -f authority.key authority.srl expired.srl
