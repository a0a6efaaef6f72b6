#!/usr/bin/env bash
# A run in the window, written down: recorded as it goes, saved afterwards, and both run again without a window.
# Usage: tests/window_record.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$1
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"
runs=$(mktemp -d)

display=:$((190 + RANDOM % 100))
Xvfb "$display" -screen 0 1440x900x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
manager=
window=
finish() {
    [ -n "$window" ] && kill "$window" 2>/dev/null || true
    [ -n "$manager" ] && kill "$manager" 2>/dev/null || true
    kill "$server" 2>/dev/null || true
    rm -rf "$runs"
}
trap finish EXIT
export DISPLAY=$display HOME=$runs/home
mkdir -p "$HOME"
unset WAYLAND_DISPLAY || true

fail() { echo "FAILED: $*" >&2; exit 1; }
for _ in $(seq 50); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
openbox >/dev/null 2>&1 &
manager=$!

echo "a run that the window records is the same run without it"
"$program" open flock --until 120 --speed max --hash-every 30 --out "$runs/followed" >"$shots/followed.log" 2>&1
in_window=$(grep -o 'state-hash: .*' "$shots/followed.log" || true)
[ -n "$in_window" ] || { cat "$shots/followed.log" >&2; fail "the window tells no state hash"; }
"$program" replay "$runs/followed" --verify || fail "the recorded run is another one"
[ "state-hash: $(tail -n 1 "$runs/followed/hashes.csv" | cut -d, -f2)" = "$in_window" ] || fail "the last hash is another one"

echo "a recorded run is shown again, up to the same state"
again=$("$program" replay "$runs/followed" --until 120 2>/dev/null | grep -o 'state-hash: .*' || true)
[ "$again" = "$in_window" ] || fail "shown again it ends in: $again"

table=$shots/interface.tsv
rm -f "$table"
log=$shots/window.log
"$program" open flock --seed 5 --out "$runs/by-hand" --describe-interface "$table" >"$log" 2>&1 &
window=$!
for _ in $(seq 300); do
    [ -s "$table" ] && break
    kill -0 "$window" 2>/dev/null || { cat "$log" >&2; fail "the program ended before its window opened"; }
    sleep 0.2
done
id=$(xdotool search --name 'Agent2028' | tail -n 1)
xdotool windowfocus "$id" || true
sleep 4

# The table has: role, name, value, left, top, width, height.
place() {
    awk -F'\t' -v role="$1" -v name="$2" '$1 == role && (name == "" || $2 == name) {
        print int($4 + $6 / 2), int($5 + $7 / 2); exit
    }' "$table"
}
press() {
    read -r x y <<<"$(place "$1" "$2")"
    [ -n "${y:-}" ] || fail "there is no $1 \"$2\""
    xdotool mousemove --window "$id" "$x" "$y"
    sleep 0.3
    xdotool mousedown 1
    sleep 0.3
    xdotool mouseup 1
    sleep 0.7
}
says() { grep -qF "$1" "$table"; }

echo "it is saved, with what was done to it"
read -r x y <<<"$(place world "")"
# Scrolls the left dock until the button is in view.
for _ in $(seq 40); do
    read -r x y <<<"$(place button "Kill a third")"
    [ -n "${y:-}" ] && [ "$y" -lt 640 ] && [ "$y" -gt 60 ] && break
    xdotool mousemove --window "$id" 120 300 click 5
    sleep 0.4
done
press button "Kill a third"
sleep 1
read -r x y <<<"$(place world "")"
xdotool mousemove --window "$id" "$x" "$y" key space
sleep 1.5
# A key has to be seen down with Ctrl for at least a frame, and by software a frame can take long.
xdotool keydown ctrl
sleep 0.5
xdotool key k
sleep 0.8
xdotool keyup ctrl
sleep 1.5
import -window root "$shots/save.png"
press button "Save and verify"
for _ in $(seq 150); do
    says "Saved and verified" && break
    sleep 0.4
done
import -window root "$shots/saved.png"
says "Saved and verified" || fail "it was not saved and verified"
saved=$HOME/agent2028-runs/flock-1
grep -q 'origin: User, name: "Kill"' "$saved/interventions.ron" || fail "the kill is not in the saved run"
"$program" replay "$saved" --verify || fail "the saved run is another one"

echo "the window closes, and its own recording holds the same"
press button "Close" || true
xdotool windowfocus "$id" key alt+F4
wait "$window" && code=0 || code=$?
window=
[ "$code" = 0 ] || { cat "$log" >&2; fail "closing the window exits with $code"; }
[ -s "$runs/by-hand/summary.json" ] || fail "the recording was not ended"
"$program" replay "$runs/by-hand" --verify || fail "the run recorded by hand is another one"
[ "$(tail -n 1 "$runs/by-hand/hashes.csv")" = "$(tail -n 1 "$saved/hashes.csv")" ] || fail "the two recordings end differently"
"$program" plot "$runs/by-hand" "$saved" --out "$shots/plot.png"
echo "runs in the window are recorded and saved; screenshots in $shots"
