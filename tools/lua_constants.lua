-- Finds the patterns that a Lua file passes to string.match, find, gmatch and gsub. A pattern can be a literal, or an
-- expression of literals and of names that have only literals as values in the file. Any other pattern counts as
-- computed.

local tokenize = require "tools.lua_tokens"

local M = {}

local MATCHERS = { match = true, find = true, gmatch = true, gsub = true }

-- An expression that can have more than so many values counts as computed.
local MAX_TEXTS = 500

local ESCAPES = {
  a = "\a", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v",
}

--- Returns the value of a string token, in which the escapes are replaced.
local function value_of(token)
  if token.raw:find "^%[" then
    return (token.text:gsub("^\n", ""))
  end
  local out, at = {}, 1
  while at <= #token.text do
    local plain, following = token.text:match("^([^\\]+)()", at)
    local digits, digits_end = token.text:match("^\\(%d%d?%d?)()", at)
    local hex, hex_end = token.text:match("^\\x(%x%x)()", at)
    local blanks_end = token.text:match("^\\z%s*()", at)
    if plain then
      out[#out + 1], at = plain, following
    elseif digits or hex then
      out[#out + 1], at = string.char(digits and tonumber(digits) or tonumber(hex, 16)), digits_end or hex_end
    elseif blanks_end then
      at = blanks_end
    else
      local char = token.text:sub(at + 1, at + 1)
      out[#out + 1], at = ESCAPES[char] or char, at + 2
    end
  end
  return table.concat(out)
end

local CLOSING = { ["("] = ")", ["["] = "]", ["{"] = "}" }

--- Returns the position after the bracket that closes the bracket at `at`.
local function after_bracket(tokens, at)
  local open, depth = tokens[at].text, 0
  repeat
    local token = tokens[at]
    if token.kind == "mark" then
      depth = depth + (token.text == open and 1 or token.text == CLOSING[open] and -1 or 0)
    end
    at = at + 1
  until depth == 0 or at > #tokens
  return at
end

--- Returns the values of all strings between two positions, with their lines.
local function strings_between(tokens, from, to)
  local texts = {}
  for i = from, to do
    if tokens[i].kind == "string" then
      texts[#texts + 1] = { text = value_of(tokens[i]), line = tokens[i].line }
    end
  end
  return texts
end

local function is_mark(token, text)
  return token ~= nil and token.kind == "mark" and token.text == text
end

local texts_of_name

--- Returns the values that an operand can have, or nil if it is computed; and the position after the operand.
local function parse_operand(file, at, depth)
  local tokens = file.tokens
  local token = tokens[at]
  if token.kind == "string" then
    return { { text = value_of(token), line = token.line } }, at + 1
  elseif is_mark(token, "{") then
    local following = after_bracket(tokens, at)
    return strings_between(tokens, at, following), following
  elseif is_mark(token, "(") then
    local following = after_bracket(tokens, at)
    local texts, reached = file.parse(at + 1, depth)
    return reached == following - 1 and texts or nil, following
  elseif token.kind ~= "name" then
    return nil, at + 1
  end
  local name = token.text
  at = at + 1
  while is_mark(tokens[at], ".") or is_mark(tokens[at], "[") do
    if is_mark(tokens[at], "[") then
      at = after_bracket(tokens, at)
    else
      name, at = tokens[at + 1].text, at + 2
    end
  end
  return texts_of_name(file, name, depth + 1), at
end

--- Returns the texts of all pairs of a left and a right text; nil if there are too many.
local function join(left, right)
  local joined = {}
  for _, head in ipairs(left) do
    for _, tail in ipairs(right) do
      joined[#joined + 1] = { text = head.text .. tail.text, line = head.line }
    end
  end
  return #joined <= MAX_TEXTS and joined or nil
end

--- Returns the values that an expression of operands and ".." can have, or nil if it is computed; and the position
--- after the expression.
local function parse_expression(file, at, depth)
  local texts, following = parse_operand(file, at, depth)
  while is_mark(file.tokens[following], "..") do
    local more
    more, following = parse_operand(file, following + 1, depth)
    texts = texts and more and join(texts, more)
  end
  return texts, following
end

--- Returns all texts that are assigned to a name in the file; nil if the name may have another value.
function texts_of_name(file, name, depth)
  local places = file.places[name]
  if not places or file.parameters[name] or depth > 8 then
    return nil
  end
  local all = {}
  for _, at in ipairs(places) do
    local texts, following = parse_expression(file, at, depth)
    if not texts or is_mark(file.tokens[following], "(") or is_mark(file.tokens[following], ":") then
      return nil
    end
    for _, text in ipairs(texts) do
      all[#all + 1] = text
    end
  end
  return all
end

--- Notes, for each name in an assignment such as `a, b = 1, 2`, the position at which its value begins. `at` is the
--- position of the last name.
local function note_assignment(file, at)
  local tokens, names = file.tokens, {}
  local first = at
  while is_mark(tokens[first - 1], ",") and tokens[first - 2].kind == "name" do
    first = first - 2
  end
  for i = first, at, 2 do
    names[#names + 1] = tokens[i].text
  end
  local value = at + 2
  for _, name in ipairs(names) do
    file.places[name] = file.places[name] or {}
    table.insert(file.places[name], value)
    local _, following = parse_expression(file, value, math.huge)
    value = is_mark(tokens[following], ",") and following + 1 or value
  end
end

local LOOPS = { ipairs = true, pairs = true }

--- Notes the position of TABLE as the value of both names in `for a, b in pairs(TABLE)`.
local function note_loop(file, at)
  local tokens = file.tokens
  local value = LOOPS[tokens[at + 1].text] and at + (is_mark(tokens[at + 2], "(") and 3 or 2) or at + 1
  for i = at - 1, at - 3, -2 do
    if tokens[i].kind == "name" then
      local name = tokens[i].text
      file.places[name] = file.places[name] or {}
      table.insert(file.places[name], value)
    end
    if not is_mark(tokens[i - 1], ",") then
      break
    end
  end
end

--- Notes the parameters of a function, whose values are not known.
local function note_parameters(file, at)
  local tokens = file.tokens
  while not is_mark(tokens[at], "(") do
    at = at + 1
  end
  for i = at, after_bracket(tokens, at) do
    if tokens[i].kind == "name" then
      file.parameters[tokens[i].text] = true
    end
  end
end

--- Returns the tokens of a file, and the positions at which values are assigned to names.
local function read(text)
  local file = { tokens = tokenize(text), places = {}, parameters = {}, aliases = {} }
  file.parse = function(at, depth) return parse_expression(file, at, depth) end
  local tokens = file.tokens
  for i, token in ipairs(tokens) do
    local is_comparison = is_mark(tokens[i + 2], "=")
    if token.kind == "name" and token.text == "function" then
      note_parameters(file, i)
    elseif token.kind == "name" and token.text == "in" then
      note_loop(file, i)
    elseif token.kind == "name" and is_mark(tokens[i + 1], "=") and not is_comparison then
      note_assignment(file, i)
      if tokens[i + 2].text == "string" and is_mark(tokens[i + 3], ".") then
        file.aliases[token.text] = tokens[i + 4].text
      end
    end
  end
  return file
end

--- Returns the positions at which the arguments of a call begin. `at` is the position after the function's name.
local function arguments_of(tokens, at)
  local stop, starts = after_bracket(tokens, at) - 1, { at + 1 }
  local i = at + 1
  while i < stop do
    if tokens[i].kind == "mark" and CLOSING[tokens[i].text] then
      i = after_bracket(tokens, i)
    else
      if is_mark(tokens[i], ",") then
        starts[#starts + 1] = i + 1
      end
      i = i + 1
    end
  end
  starts.stop = stop
  return starts
end

--- If the token at `i` calls one of the functions in MATCHERS, returns the name of the function, and which of its
--- arguments is the pattern.
local function matcher_at(file, i)
  local tokens = file.tokens
  local name, before = tokens[i].text, tokens[i - 1]
  if tokens[i].kind ~= "name" or before and before.text == "function" then
    return nil
  elseif is_mark(before, ":") then
    local at = i - 2
    while tokens[at - 1] and is_mark(tokens[at - 1], ".") do
      at = at - 2
    end
    return MATCHERS[name] and not (tokens[at - 1] and tokens[at - 1].text == "function") and name, 1
  elseif is_mark(before, ".") then
    local is_alias = is_mark(tokens[i - 3], "=") and not is_mark(tokens[i + 1], "(")
    return MATCHERS[name] and tokens[i - 2].text == "string" and not is_alias and name, 2
  end
  local is_set = is_mark(tokens[i + 1], "=") and not is_mark(tokens[i + 2], "=")
  return not is_set and MATCHERS[file.aliases[name]] and file.aliases[name], 2
end

--- Is the call a plain search, such as text:find("x", 1, true), which takes no pattern?
local function is_plain(tokens, name, starts, number)
  local at = starts[number + 2]
  return name == "find" and at and tokens[at].text == "true"
end

--- Returns the values that argument `number` of a call can have; nil if it is computed, false if the search is plain.
local function argument_texts(file, i, name, number)
  local tokens = file.tokens
  if not is_mark(tokens[i + 1], "(") then
    return number == 1 and (parse_operand(file, i + 1, 0)) or nil
  end
  local starts = arguments_of(tokens, i + 1)
  if is_plain(tokens, name, starts, number) then
    return false
  elseif not starts[number] then
    return nil
  end
  local texts, following = parse_expression(file, starts[number], 0)
  return following == (starts[number + 1] or starts.stop + 1) - 1 and texts or nil
end

--- Calls report(line, pattern, name) for each pattern in a file. The pattern is nil if it is computed. The name is that
--- of the function that takes the pattern.
---@param text string the text of the file
---@param report fun(line: integer, pattern: { text: string, line: integer }|nil, name: string)
function M.each_pattern(text, report)
  local file = read(text)
  for i, token in ipairs(file.tokens) do
    local name, number = matcher_at(file, i)
    local texts = name and argument_texts(file, i, name, number)
    if name and texts == nil then
      report(token.line, nil, name)
    end
    for _, pattern in ipairs(texts or {}) do
      report(token.line, pattern, name)
    end
  end
end

return M
