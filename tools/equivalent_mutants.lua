-- Changes of lines that no spec can notice, for tools/mutate.lua. Each row has the path, the line, the changed line,
-- and the reason.
return {
}
