#!/usr/bin/env bash
# What a platform engineer would write for `reroot stage`, with openssl, sops, yq and git: the next root, an intermediate for each cluster, the
# sealed Secret of every state ahead, a restart of every workload, and a branch with all of it at the remote. It checks nothing, keeps no record,
# and orders nothing.
#
#   peer.sh BRANCH CLUSTER...     in a clone of the repository
set -euo pipefail

branch=$1
shift
restart=$branch
directory=mesh-ca
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

new_root() {
  new_key "$work/root.key"
  openssl req -x509 -new -sha256 -key "$work/root.key" -days 3650 -subj '/O=shop/CN=shop root CA g2' \
    -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign -out "$work/root.pem"
}

# new_intermediate CLUSTER
new_intermediate() {
  new_key "$work/$1.key"
  openssl req -new -sha256 -key "$work/$1.key" -subj "/O=shop/CN=shop intermediate CA g2/L=$1" \
    -addext basicConstraints=critical,CA:true,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
    -addext subjectAltName=DNS:istiod.istio-system.svc -out "$work/$1.csr"
  openssl x509 -req -sha256 -in "$work/$1.csr" -CA "$work/root.pem" -CAkey "$work/root.key" -days 1825 -copy_extensions copyall \
    -out "$work/$1.pem" 2>"$work/openssl.log"
  openssl verify -CAfile "$work/root.pem" "$work/$1.pem" >"$work/openssl.log"
}

# seal FILE: what is on stdin becomes a sealed file.
seal() {
  mkdir -p "$(dirname "$1")"
  sops encrypt --filename-override "$1" --input-type yaml --output-type yaml >"$1"
}

# with_roots FILE: the Secret on stdin, with these roots
with_roots() { roots=$1 yq '.data["root-cert.pem"] = (load_str(strenv(roots)) | @base64)'; }

# by_new CLUSTER: the Secret on stdin, signed by the new root
by_new() {
  cert="$work/$1.pem" key="$work/$1.key" chain="$work/$1.chain" yq '
    .data["ca-cert.pem"] = (load_str(strenv(cert)) | @base64) |
    .data["ca-key.pem"] = (load_str(strenv(key)) | @base64) |
    .data["cert-chain.pem"] = (load_str(strenv(chain)) | @base64)'
}

# secrets CLUSTER: every state ahead; the first becomes the live one.
secrets() {
  local live=$directory/clusters/$1/cacerts/cacerts.sops.yaml prepared=$directory/clusters/$1/prepared
  sops decrypt "$live" >"$work/$1.yaml"
  yq '.data["root-cert.pem"] | @base64d' "$work/$1.yaml" >"$work/$1.old"
  cat "$work/$1.old" "$work/root.pem" >"$work/$1.both"
  cat "$work/$1.pem" "$work/root.pem" >"$work/$1.chain"
  mkdir -p "$prepared"
  cp "$live" "$prepared/g1-steady.sops.yaml"
  with_roots "$work/$1.both" <"$work/$1.yaml" | seal "$prepared/g2-staged.sops.yaml"
  by_new "$1" <"$work/$1.yaml" >"$work/$1.new.yaml"
  with_roots "$work/$1.both" <"$work/$1.new.yaml" | seal "$prepared/g2-promoted.sops.yaml"
  with_roots "$work/root.pem" <"$work/$1.new.yaml" | seal "$prepared/g2-steady.sops.yaml"
  cp "$prepared/g2-staged.sops.yaml" "$live"
}

# restarts CLUSTER
restarts() {
  local file
  for file in $(grep -rlE '^kind: (Deployment|StatefulSet|DaemonSet)$' "apps/$1"); do
    restart=$restart yq -i '(select(.spec.template != null) | .spec.template.metadata.annotations["reroot.dev/rotation"]) = strenv(restart)' "$file"
  done
}

git fetch --quiet origin main
git switch --quiet --create "$branch" origin/main
new_root
key="$work/root.key" certificate="$work/root.pem" yq -n '{"certificate": load_str(strenv(certificate)), "key": load_str(strenv(key))}' |
  seal "$directory/roots/g2.sops.yaml"
for cluster; do
  new_intermediate "$cluster"
  secrets "$cluster"
  restarts "$cluster"
done
restart=$restart yq -i '.spec.values.podAnnotations["reroot.dev/rotation"] = strenv(restart)' infrastructure/istio/istiod.yaml
git add --all
git commit --quiet --message "Trust the next root of the mesh in $*"
git push --quiet origin "$branch"
