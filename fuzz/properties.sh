#!/usr/bin/env bash
# Tries new random cases of the property tests. Usage: fuzz/properties.sh [CASES [CARGO TEST ARGUMENTS]]
#   fuzz/properties.sh                                  # 10000 cases of every property test: hours
#   fuzz/properties.sh 100000 -p agent2028_core --lib selector
# A case that fails is printed, made as small as it gets; proptest also writes it into a file under a folder
# `proptest-regressions`, which is committed with the mend, so that every later run tries it first.
set -euo pipefail
cd "$(dirname "$0")/.."
export PROPTEST_CASES=${1:-10000}
shift || true
export PROPTEST_MAX_SHRINK_ITERS=100000
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-$(od -An -N7 -tu8 /dev/urandom | tr -d ' ')}
echo "=== $PROPTEST_CASES cases each; again with PROPTEST_RNG_SEED=$PROPTEST_RNG_SEED"
if [ $# -eq 0 ]; then set -- --workspace; fi
exec cargo test "$@"
