#!/bin/sh
# Prints the path of a Python that has the libraries of tests/peers: $PEERS_PYTHON, or one installed under build/.
set -eu
cd "$(dirname "$0")/../.."
if [ -n "${PEERS_PYTHON-}" ]; then
    echo "$PEERS_PYTHON"
    exit 0
fi
home=$PWD/${BUILD:-build}/peers
python=$home/venv/bin/python
"$python" -c 'import grpc, websockets.asyncio.server' 2>/dev/null || {
    rm -rf "$home" # what an interrupted run has left
    python3 -m venv "$home/venv" >&2
    tests/tools/retry.sh "$home/venv/bin/pip" install --quiet 'websockets>=15' 'grpcio>=1.60' >&2
}
"$python" -c 'import grpc, websockets.asyncio.server' >&2
echo "$python"
