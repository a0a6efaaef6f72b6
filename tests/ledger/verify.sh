#!/usr/bin/env bash
# Runs of this program, verified by tests/ledger/verify.py, which knows nothing of it but docs/LEDGER-FORMAT.md.
# Usage: verify.sh PROGRAM [FOLDER for the Python packages]
set -euo pipefail
program=$1 packages=${2:-$(mktemp -d)}
here=$(cd "$(dirname "$0")" && pwd)
[ "$(wc -l < "$here/verify.py")" -le 200 ] || { echo "verify.py has more than 200 lines"; exit 1; }
if ! "$packages/bin/python" -c 'import blake3, cryptography.hazmat.primitives.asymmetric.mldsa' 2>/dev/null; then
    # Two packages beside the standard library. Where they can't be had nothing is verified, which is said loudly; with
    # AGENT2028_REQUIRE_PYTHON=1 it is a failure.
    if ! { python3 -m venv "$packages" &&
        "$packages/bin/pip" install --quiet --retries 10 'cryptography>=47,<60' 'blake3>=1,<2'; }; then
        echo "SKIPPED, NOTHING VERIFIED: the Python packages cryptography and blake3 can't be had here"
        [ "${AGENT2028_REQUIRE_PYTHON:-0}" != 1 ] || exit 1
        exit 0
    fi
fi
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
verify() {
    local wanted=$1 code=0
    shift
    "$packages/bin/python" "$here/verify.py" "$@" || code=$?
    [ "$code" = "$wanted" ] || { echo "verify.py $*: exit code $code instead of $wanted"; exit 1; }
}
"$program" ledger keygen "$runs/key" >"$runs/told"
fingerprint=$(awk '$1 == "fingerprint" { print $2 }' "$runs/told")
# The last one signs entries by agents and has its heads signed from outside; the second drops its oldest entries.
"$program" run predator --ticks 130 --hash-every 60 --out "$runs/plain" >/dev/null 2>&1 || true
"$program" run audited-run --set 'ledger.disk=(keep:Some(200),segment_mib:0.02)' --ticks 960 --checkpoint-every 100 \
    --out "$runs/dropped" >/dev/null 2>&1 || true
"$program" run audited-run --ticks 960 --set 'ledger.stamps=All' --sign-with "$runs/key" --out "$runs/signed" >/dev/null 2>&1 || true
# It goes on after its end, twice; and agents that sign change their keys.
"$program" run audited-run --ticks 500 --checkpoint-every 90 --out "$runs/resumed" >/dev/null 2>&1 || true
for ticks in 700 960; do "$program" run --resume "$runs/resumed" --ticks "$ticks" >/dev/null 2>&1 || true; done
cat > "$runs/rotated.ron" <<'SCENE'
Scene(name: "Rotated", seed: 5, duration: Ticks(200), agents: [(name: "clerk", count: 3)],
    identity: (signed_events: ["KeysRotated"]), ledger: (),
    timeline: [(at: 40, every: Some(30), until: Some(150), do: RotateKeys(select: All)), (at: 190, do: DeactivateIdentity(select: All))])
SCENE
"$program" run "$runs/rotated.ron" --out "$runs/rotated" >/dev/null 2>&1 || true
for run in plain dropped signed resumed rotated; do
    root=$("$program" ledger verify "$runs/$run" | awk '$1 == "root" { print $2 }')
    verify 0 "$runs/$run" --root "$root"
done
[ -e "$runs/dropped/ledger/base.a28b" ]
# What a program leaves that is stopped while it drops entries, and files of other names, are nobody's; for the program, too.
first=$(cd "$runs/dropped/ledger" && echo *.a28l | cut -d " " -f 1)
cp "$runs/dropped/ledger/$first" "$runs/dropped/ledger/00000000.a28l"
cp "$runs/dropped/ledger/$first" "$runs/dropped/ledger/+1.a28l"
verify 0 "$runs/dropped"
"$program" ledger verify "$runs/dropped" >/dev/null
verify 0 "$runs/signed" --key "$fingerprint"
verify 1 "$runs/dropped" --key "$fingerprint"
verify 1 "$runs/dropped" --root "$root"
# Whatever is changed it notices, too: a byte in the middle of each file, and a file that is gone.
for file in $(cd "$runs/signed" && find . -type f); do
    cp -r "$runs/signed" "$runs/changed"
    middle=$(($(stat -c %s "$runs/changed/$file") / 2))
    byte=$(dd if="$runs/changed/$file" bs=1 skip="$middle" count=1 status=none | od -An -tu1)
    # shellcheck disable=SC2059
    printf "$(printf '\\x%02x' $((byte ^ 1)))" | dd of="$runs/changed/$file" bs=1 seek="$middle" conv=notrunc status=none
    verify 1 "$runs/changed"
    rm "$runs/changed/$file"
    verify 1 "$runs/changed"
    rm -r "$runs/changed"
done
# Rolled back, and pretending never to have ended.
rm "$runs/plain/summary.json"
truncate -s -40 "$runs/plain/ledger/00000000.a28l"
verify 4 "$runs/plain"
echo "verified from outside"
