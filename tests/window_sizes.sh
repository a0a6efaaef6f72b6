#!/usr/bin/env bash
# The window at three sizes and three scales, read through --describe-interface: no panic, no text that is cut, printed over
# another or without a glyph. Then windows that are too small, and a saved scale that a window has no room for.
# Usage: tests/window_sizes.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$(realpath "$1")
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"

. "$(dirname "$0")/window_display.sh"
display 3840 2160
cd "$HOME"
mkdir -p "$AGENT2028_HOME/config"

# Texts with a fault, as the table tells them.
faults() { awk -F'\t' '$1 == "text" && ($3 == "cut" || $3 == "overlapped" || $3 == "glyphless")' "$table"; }
saved_scale() { printf '(scale: %s, knows_the_hints: true)\n' "$1" >"$AGENT2028_HOME/config/workspace.ron"; }
sound() {
    kill -0 "$window" 2>/dev/null || fail "$1: the window is gone"
    [ "$(awk -F'\t' '$1 == "text"' "$table" | wc -l)" -gt 10 ] || fail "$1: there are no texts"
    [ -z "$(faults)" ] || { faults >&2; shot faulty; fail "$1: texts are cut or overlapped"; }
}

for size in 1280x720 1920x1080 3840x2160; do
    for scale in 1.0 1.5 2.5; do
        saved_scale "$scale"
        start open welcome --paused --size "$size"
        sound "$size at $scale"
        close
    done
done

echo "plots of several curves with long titles"
for scene in partition foraging trust-network; do
    saved_scale 1.0
    start open "$scene" --paused --size 1280x690
    sound "$scene at 1280x690"
    close
done

echo "a saved scale that the window has no room for is no end"
saved_scale 2.5
start open welcome --paused --size 640x480
sound "640x480 at 2.5"
for width in 1000 900 480 200; do
    xdotool windowsize "$id" "$width" 400
    sleep 2
    kill -0 "$window" 2>/dev/null || { tail -n 5 "$log" >&2; fail "$width pixels are its end"; }
done
close
! grep -qi panicked "$log" || fail "it panicked"
echo "the window has room; screenshots in $shots"
