# What Doxygen reads of a header: our comments are plain, and it takes those of three strokes. Lines
# stay where they are. `awk -f filter.awk HEADER`

# "// Refuses: ..." begins a paragraph of its own; what is indented is code.
function spoken(text) {
    sub(/^ REQUIRES: /, " \\pre ", text)
    sub(/^ Refuses: /, " \\refuses ", text)
    sub(/^ Refuses, /, " \\refuses ", text)
    sub(/^ Threads: /, " \\threads ", text)
    sub(/^ Lifetime: /, " \\lifetime ", text)
    if (text ~ /^   /) text = "  " text
    return text
}

# Where a comment behind a declaration began, which lines below it may go on.
function column_of_tail() {
    return match($0, /[;,{})]  +\/\/ /) ? RSTART + RLENGTH - 3 : 0
}

# The first comment of a file is the file's.
/^#pragma once/ && !begun { print "/// \\file"; begun = 1; next }

/^ *\/\/ ---/ { tail = 0; print; next }

/^ *\/\/( |$)/ {
    match($0, /^ */)
    column = RLENGTH + 1
    text = substr($0, column + 2)
    if (tail && column == tail) print substr($0, 1, column - 1) "///<" text
    else print substr($0, 1, column - 1) "///" spoken(text)
    if (column != tail) tail = 0
    next
}

{
    tail = column_of_tail()
    if (tail) print substr($0, 1, tail - 1) "///<" substr($0, tail + 2)
    else print
}
