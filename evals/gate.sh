#!/usr/bin/env bash
# What a pull request has to meet: the gold questions on the seeds, against the committed run. Under a minute.
# After a change for the better: `uv run qa eval --json evals/baseline.json`, with the reason in the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
run="${UV_RUN:-uv run --no-sync}"
$run qa eval lint
$run qa eval --baseline evals/baseline.json --max-regress 0.02 \
  --gate 'correct_and_cited>=0.65' --gate 'refusal>=0.5' --gate 'over_refusal<=0.15' \
  --gate 'hit@5>=0.92' --gate 'citation_validity>=1' --gate 'unsupported_shown<=0' \
  --junit "${JUNIT:-/dev/null}" --html "${HTML:-/dev/null}" ${GITHUB_ACTIONS:+--github}
