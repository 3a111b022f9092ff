# Prints paragraph n of a text file:  LC_ALL=C awk -v n=18 -f docs/paragraph.awk FILE
# Blank lines part paragraphs; but each line is one in a run of lines that has one of more than 120 characters, and
# everywhere in a file that is mostly such lines (web addresses do not count). qa/readers.py has the same rule.
!/[^ \t\r\f]/ { run++; next }
{
  seen = $0
  gsub(/[a-z]+:\/\/[^ \t]+/, "", seen)
  gsub(/[\200-\277]/, "", seen)  # bytes that go on a character of UTF-8: what is left counts characters
  all += length(seen)
  if (length(seen) > 120) { long[run] = 1; most += length(seen) }
  line[++lines] = $0
  of[lines] = run
}
END {
  for (i = 1; i <= lines; i++) {
    if (i == 1 || of[i] != of[i - 1] || long[of[i]] || 2 * most > all) paragraph++
    if (paragraph == n) print line[i]
  }
}
