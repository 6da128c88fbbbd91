#!/bin/sh
# Builds sops 3.13.3 with bulk.go put beside its cmd/sops: build.sh OUTPUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export GOWORK=off GOFLAGS=
module=$(cd / && go mod download -json github.com/getsops/sops/v3@v3.13.3 | sed -n 's/.*"Dir": "\(.*\)",\{0,1\}$/\1/p')
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$module/." "$copy"
chmod -R u+w "$copy"
cp "$here/bulk.go" "$copy/cmd/sops/"
cd "$copy"
go build -buildvcs=false -o "$1" ./cmd/sops
