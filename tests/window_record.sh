#!/usr/bin/env bash
# A run in the window, written down: recorded as it goes, saved afterwards, and both run again without a window.
# Usage: tests/window_record.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$1
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"
runs=$(mktemp -d)

. "$(dirname "$0")/window_display.sh"
display 1440 900

echo "a run that the window records is the same run without it"
"$program" open flock --until 120 --speed max --hash-every 30 --out "$runs/followed" >"$shots/followed.log" 2>&1
in_window=$(grep -o 'state-hash: .*' "$shots/followed.log" || true)
[ -n "$in_window" ] || { cat "$shots/followed.log" >&2; fail "the window tells no state hash"; }
"$program" replay "$runs/followed" --verify || fail "the recorded run is another one"
[ "state-hash: $(tail -n 1 "$runs/followed/hashes.csv" | cut -d, -f2)" = "$in_window" ] || fail "the last hash is another one"

echo "a recorded run is shown again, up to the same state"
again=$("$program" replay "$runs/followed" --until 120 2>/dev/null | grep -o 'state-hash: .*' || true)
[ "$again" = "$in_window" ] || fail "shown again it ends in: $again"

echo "a display that goes away takes nothing with it that was recorded"
other=:$((200 + RANDOM % 100))
Xvfb "$other" -screen 0 800x600x24 -nolisten tcp >/dev/null 2>&1 &
mortal=$!
until_true env DISPLAY="$other" xdpyinfo >/dev/null 2>&1 || fail "there is no second display"
DISPLAY=$other "$program" open flock --size 640x480 --out "$runs/orphan" >"$shots/orphan.log" 2>&1 &
orphan=$!
recorded() { [ -s "$runs/orphan/metrics.csv" ] && [ "$(wc -l <"$runs/orphan/metrics.csv")" -gt 60 ]; }
until_true recorded || fail "the run is not recorded as it goes"
kill -9 "$mortal"
wait "$orphan" && code=0 || code=$?
[ "$code" = 2 ] || fail "without its display the window exits with $code"
grep -q "went away" "$shots/orphan.log" || fail "nobody tells that the display is gone"
"$program" run --resume "$runs/orphan" --ticks 300 >/dev/null || fail "what was recorded can't be gone on with"
"$program" replay "$runs/orphan" --verify || fail "the run that lost its display is another one"

start open flock --seed 5 --out "$runs/by-hand"

echo "it is saved, with what was done to it"
scroll_to button "Kill a third" 120 300
press button "Kill a third"
over_world
xdotool key space
until_true paused || fail "it does not pause"
xdotool key ctrl+k
until_true there button "Save and verify" || fail "nothing asks what to save"
shot save
press button "Save and verify"
until_true says "Saved and verified" || fail "it was not saved and verified"
shot saved
saved=$HOME/agent2028-runs/flock-1
grep -q 'origin: User, name: "Kill"' "$saved/interventions.ron" || fail "the kill is not in the saved run"
"$program" replay "$saved" --verify || fail "the saved run is another one"

echo "the window closes, and its own recording holds the same"
press button "Close" || true
close
[ -s "$runs/by-hand/summary.json" ] || fail "the recording was not ended"
"$program" replay "$runs/by-hand" --verify || fail "the run recorded by hand is another one"
[ "$(tail -n 1 "$runs/by-hand/hashes.csv")" = "$(tail -n 1 "$saved/hashes.csv")" ] || fail "the two recordings end differently"
"$program" plot "$runs/by-hand" "$saved" --out "$shots/plot.png"
echo "runs in the window are recorded and saved; screenshots in $shots"
