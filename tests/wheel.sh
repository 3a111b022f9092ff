#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment and asks a question from another folder.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
uv build --quiet --wheel --out-dir "$place/dist"
uv venv --quiet --python 3.11 "$place/env"
uv pip install --quiet --python "$place/env/bin/python" "$place"/dist/*.whl
mkdir "$place/articles"
printf 'Harbour reopens\n\nThe harbour of Valdenia reopened on 3 March 2024 after the storm.\n' >"$place/articles/a.txt"
cd "$place"
export HOME="$place" XDG_CACHE_HOME="$place/cache"
env/bin/python -c "from qa.answer.prompts import load; print('prompt', load('answer').sha)"
env/bin/qa ask "When did the harbour of Valdenia reopen?" --folder articles | tee answer.txt
grep -q "a.txt ¶2" answer.txt
cat >gold.jsonl <<'GOLD'
{"id": "date-001", "kind": "date", "lang": "en", "question": "When did the harbour of Valdenia reopen?", "answerable": true, "facts": [["3 March 2024"]], "gold": ["a.txt#p2"], "answer": "On 3 March 2024.", "why": "p2"}
{"id": "off-topic-001", "kind": "off-topic", "lang": "en", "question": "Who won the chess title in 1972?", "answerable": false, "answer": "The article does not say.", "why": "off topic"}
GOLD
env/bin/qa eval --gold gold.jsonl --folder articles --html report.html --gate 'correct_and_cited>=1' --gate 'refusal>=1'
grep -q "Valdenia" report.html
env/bin/python -c "import importlib.util as u; assert u.find_spec('evals') is None, 'evals lies beside qa'"
echo "the wheel answers and evaluates outside the checkout"
