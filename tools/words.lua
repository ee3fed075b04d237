-- Finds words that this project does not use, and prints the words to use instead: lua5.4 tools/words.lua
--
-- The project has one term for each thing. The words of comments, strings, names and pages are checked.

--- Each row has the words to use, and then the phrases not to use. In a text, the words of a phrase can be separated by
--- spaces, a line break, "_" or "-", so that names are found too. A phrase that contains "_" matches only this name. In
--- a phrase, a* matches all words that begin with a, and a|b matches a or b. A phrase in capital letters matches only
--- capital letters. If a row has the field `under`, it applies only to paths that begin with one of these texts.
local ROWS = {
  { "queue, enqueue or dequeue", "stand|stands|standing|stood in a|the|its|their|one line",
    "stand|stands|stood in line", "line|lines|lined|lining up", "line of the|a limit|transport|host",
    "place|places in the|its line" },
  { "in flight, or running", "under way" },
  { "timeout (a duration) or deadline (a point in time)", "time that is left", "what is left of the time" },
  { "retry or attempt", "repetition*", "made|built|signed|tried anew", "anew" },
  { "max_... or at most", "at the most" },
  { "MAX_..., or limit", "MOST" },
  { "cost of a retry: a token of the retry budget", "call.cost" },
  { "recover, recoverable", "put|puts|putting right", "put|puts|putting it|them|this|that|both right" },
  { "redact, redactor", "hider*", "hide", under = { "lua/", "spec/protocol/", "spec/client", "spec/call/" } },
  { "still_valid, expired", "may_go" },
  { "stale_in_queue", "turned|turn|turns back" },
  { "queue_timeout", "turned|turn|turns away" },
  { "slept_until", "slept_to" },
  { "request_event_attempt, notify, say or pass", "told" },
  { "possibly_sent", "unsure" },
  { "sign_after_rate_limit; for order, one after the other", "in turn" },
  { "on_response, or has listeners", "heard" },
  { "handles_throttling", "paces" },
  { "single-flight latch", "gate", "gates" },
  { "paginator, next_page", "walk|walks", "turn", under = { "lua/dataworks/tasks/", "spec/tasks/", "docs/flows.md" } },
  { "not_configured", "failures.absent", "failure.absent", "why.absent", "absent = true", under = { "lua/", "spec/" } },
  { "run_detached", "gate.apart", "latch.apart", "apart = function" },
  { "spill_to_form", "shorten_query" },
  { "repeat_list", "flat", under = { "csrc/" } },
  { "wire_param", "param_value*" },
  { "request_builder", "job", under = { "csrc/" } },
  { "completed, or ended", "is|are|was|were|being over", "has|have come over", "done with", "task.over" },
  { "is not a ...", "is|are no parameter|parameters|member|members|action|option|field of" },
  { "a noun, with the thing first: Invalid calls fail at once", "what can't|cannot|isn't|hasn't",
    "what has to" },
  { "the things by name", "those that", "those who", "whoever", "whatever can be" },
  { "is dropped, fails or has no effect", "come|comes|came to nothing" },
  { "the present tense: arrives, is known, was read", "has come", "have come" },
  { "except", "save for", "save that" },
  { "the load as a number: at most 256 requests", "burdened" },
}

--- Lines that may use the words: each row has a path and a text that the line contains.
local ALLOWED = {
  { "tools/words.lua", "" },
  { "spec/system/words_spec.lua", "" },
  { "tools/setup", "gates" },
  { "Makefile", "tools/setup gates" },
  { ".ci/run", "gate" },
}

local SCANNED = "lua csrc docs spec README.md CHANGELOG.md examples bench bin tools Makefile rockspec .ci .luacheckrc"

--- Patterns of paths that are not checked, because they hold data or texts of others.
local SKIPPED = { "%.json$", "^spec/vectors/", "/api/catalog/%l%w*%.lua$", "%.pem$" }

--- Matches the separator between two words of a phrase.
local SPACE = "[%s_%-]+"

--- Splits a word such as a|b.
local function alternatives(word)
  local list = {}
  for one in word:gmatch("[^|]+") do
    list[#list + 1] = one
  end
  return list
end

--- Returns a list with one entry, { literal, pattern }, for each choice of words in a phrase. The literal is the
--- longest word of the pattern. A text without the literal cannot match, and searching for the literal is fast.
local function compile(phrase)
  local heads = { { literal = "", pattern = "%f[%w]" } }
  for word in phrase:gmatch("%S+") do
    local longer = {}
    for _, head in ipairs(heads) do
      for _, one in ipairs(alternatives(word)) do
        local text = one:gsub("%*$", "")
        local pattern = text:gsub("%p", "%%%0") .. (one:find("%*$") and "%w*" or "")
        longer[#longer + 1] = {
          literal = #text > #head.literal and text or head.literal,
          pattern = head.pattern .. (head.pattern == "%f[%w]" and "" or SPACE) .. pattern,
        }
      end
    end
    heads = longer
  end
  for _, head in ipairs(heads) do
    head.pattern = head.pattern .. "%f[%W]"
  end
  return heads
end

local function starts_with_one(path, prefixes)
  for _, prefix in ipairs(prefixes or { "" }) do
    if path:sub(1, #prefix) == prefix then
      return true
    end
  end
  return false
end

--- Is this one of the lines that may use the words?
local function is_allowed(path, line)
  for _, row in ipairs(ALLOWED) do
    if row[1] == path and line:find(row[2], 1, true) then
      return true
    end
  end
  return false
end

--- Replaces all characters except line breaks by spaces.
local function blank(text)
  return (text:gsub("[^\n]", " "))
end

--- Returns a text of the same length, in which spaces replace the marks that begin the next line of a comment or join
--- two strings, so that a phrase is also found across lines. In Markdown, "#" begins a heading and is not replaced.
local function without_marks(path, text)
  local mark = path:find("%.md$") and "\n[ \t]*[-*]+" or "\n[ \t]*[-/*#]+"
  return (text:gsub(mark, blank):gsub("[\"'][ \t]*\n[ \t]*%.%.[ \t]*[\"']", blank))
end

--- Calls report(position, found) for each place at which a phrase is found.
local function each_match(text, compiled, report)
  if not text:find(compiled.literal, 1, true) then
    return
  end
  local from, to = text:find(compiled.pattern)
  while from do
    report(from, text:sub(from, to))
    from, to = text:find(compiled.pattern, to + 1)
  end
end

--- Returns the number and the text of the line at a position.
local function line_at(text, position)
  local _, before = text:sub(1, position - 1):gsub("\n", "")
  local from = text:sub(1, position - 1):match(".*\n()") or 1
  return before + 1, text:sub(from, (text:find("\n", from, true) or #text + 1) - 1)
end

--- Returns the compiled phrases of all rows.
local function compile_rows()
  local rules = {}
  for _, row in ipairs(ROWS) do
    for i = 2, #row do
      for _, rule in ipairs(compile(row[i])) do
        rule.say, rule.under, rule.has_capitals = row[1], row.under, row[i]:find("^%u%u") ~= nil
        rules[#rules + 1] = rule
      end
    end
  end
  return rules
end

-- Sentences such as "What can't be sent is refused", in which a clause and not a noun is the subject.

local VERBS = {}
for verb in ([[is are was were has have had can may must does did will would goes comes isn't aren't wasn't can't
    doesn't don't didn't won't cannot stays lasts]]):gmatch("%S+") do
  VERBS[verb] = true
end

--- Reports each sentence that begins with "What" and has two verbs, except questions and headings.
local function check_subjects(plain, report)
  for position, sentence in plain:gmatch("%f[%w]()(What [^.?!:;|#]*)") do
    local verbs = 0
    for word in (sentence:match("^(.-)\n%s*\n") or sentence):gmatch("[%a']+") do
      verbs = verbs + (VERBS[word] and 1 or 0)
    end
    local is_question = plain:sub(position + #sentence, position + #sentence) == "?"
    local is_heading = plain:sub(position - 2, position - 1) == "# "
    if verbs > 1 and not is_question and not is_heading then
      report(position, sentence:match("^What %S+ %S+") or sentence)
    end
  end
end

local function is_skipped(path)
  for _, pattern in ipairs(SKIPPED) do
    if path:find(pattern) then
      return true
    end
  end
  return false
end

local function list_files()
  local pipe, paths = assert(io.popen("find " .. SCANNED .. " -type f 2>/dev/null | LC_ALL=C sort")), {}
  for path in pipe:lines() do
    if not is_skipped(path) then
      paths[#paths + 1] = path
    end
  end
  pipe:close()
  return paths
end

--- Returns all hits in a file, in the order of their positions.
local function check_file(path, rules)
  local file = assert(io.open(path, "rb"))
  local plain = without_marks(path, file:read("*a"))
  file:close()
  local lower, hits = plain:lower(), {}
  local function report(say)
    return function(position, found)
      local number, line = line_at(plain, position)
      if not is_allowed(path, line) then
        hits[#hits + 1] = { position = position, number = number, found = found:gsub("%s+", " "), say = say }
      end
    end
  end
  for _, rule in ipairs(rules) do
    if starts_with_one(path, rule.under) then
      each_match(rule.has_capitals and plain or lower, rule, report(rule.say))
    end
  end
  check_subjects(plain, report "a noun as the subject")
  table.sort(hits, function(a, b)
    return a.position < b.position or a.position == b.position and #a.found > #b.found
  end)
  return hits
end

local rules, count = compile_rows(), 0
for _, path in ipairs(list_files()) do
  local last
  for _, hit in ipairs(check_file(path, rules)) do
    if hit.position ~= last then
      io.stderr:write(("%s:%d: %s: say %s\n"):format(path, hit.number, hit.found, hit.say))
      count, last = count + 1, hit.position
    end
  end
end
os.exit(count == 0 and 0 or 1)
