-- The changes of a line that tools/mutate.lua tries. Each change is { from, to, text }: the text replaces the
-- characters from..to of the line.

local unpack = table.unpack or unpack

local OPERATORS = {
  ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">", ["=="] = "~=", ["~="] = "==", ["!="] = "==",
  ["and"] = "or", ["or"] = "and", ["&&"] = "||", ["||"] = "&&", ["+"] = "-", ["-"] = "+", ["*"] = "/", ["/"] = "*",
  ["+="] = "-=", ["-="] = "+=",
}
local KEPT = { ["local"] = true, ["end"] = true, ["return"] = true, ["static"] = true, ["function"] = true }

--- Returns the code with spaces in place of comments, strings and lines of the preprocessor, at the same positions.
local function mask(text, is_c)
  local patterns = is_c and { "^/%*.-%*/", "^//[^\n]*", '^"[^"\n]*"', "^'[^'\n]*'", "^\n#[^\n]*" }
    or { "^%-%-%[(=*)%[.-%]%1%]", "^%-%-[^\n]*", "^%[(=*)%[.-%]%1%]", '^"[^"\n]*"', "^'[^'\n]*'", "^#![^\n]*" }
  text = text:gsub("\\\n", " \n"):gsub("\\[^\n]", "__")
  local pieces, at = {}, 1
  while at <= #text do
    local _, to
    for i = 1, #patterns do
      if not to then _, to = text:find(patterns[i], at) end
    end
    pieces[#pieces + 1] = to and text:sub(at, to):gsub("[^\n]", " ") or text:sub(at, at)
    at = (to or at) + 1
  end
  return table.concat(pieces)
end

--- Returns all changes of a line. `code` is the masked line.
local function changes_of(line, code, is_c)
  local list = {}
  local function add(from, to, text) list[#list + 1] = { from, to, text } end
  local function condition(pattern, negated)
    for from, inner, to in code:gmatch(pattern) do
      add(from, to - 1, negated:format(line:sub(from, from + #inner - 1)))
      add(from, to - 1, is_c and "(1)" or "true")
      add(from, to - 1, is_c and "(0)" or "false")
    end
  end
  for from, word, to in code:gmatch " ()(%S+)()%f[%s]" do
    local other = OPERATORS[word]
    if other then add(from, to - 1, is_c and other:gsub("~", "!") or other) end
  end
  for from, number, to in code:gmatch "%f[%w_.]()(%d+)()%f[^%w_.]" do
    add(from, to - 1, ("%d"):format(number + 1))
    if tonumber(number) > 0 then add(from, to - 1, ("%d"):format(number - 1)) end
  end
  for from, number, to in code:gmatch "%f[%w_.]()(0x%x+)()%f[^%w_.]" do
    add(from, to - 1, ("0x%x"):format(number + 1))
  end
  for from, word, to in code:gmatch "%f[%w_]()(%l+)()%f[^%w_]" do
    if word == "true" or word == "false" then add(from, to - 1, word == "true" and "false" or "true") end
  end
  for from, to in code:gmatch "[%w_.]() and [%w_.]+()" do add(from, to - 1, "") end
  for from, to in code:gmatch "[%w_.]() && [%w_.]+()" do add(from, to - 1, "") end
  for from, to in code:gmatch(is_c and "()!()%f[%w_(]" or "%f[%w_]()not ()") do add(from, to - 1, "") end
  if is_c then
    condition("%f[%w_]if ()(%b())()", "(!%s)")
    condition("%f[%w_]while ()(%b())()", "(!%s)")
  else
    condition("%f[%w_]if ()(.-)() then", "not (%s)")
    condition("%f[%w_]elseif ()(.-)() then", "not (%s)")
  end
  local from, result, to = code:match "%f[%w_]return ()([^;]+)();?"
  if from and result:find "[%w]" then add(from, to - 1, is_c and "0" or "nil") end
  local is_statement = code:find(is_c and "^%s+[^;]*[%w)];$" or "^%s+.*[=(]")
  if is_statement and not KEPT[code:match "^%s*(%l*)%f[%W]" or ""] then
    local first, last = code:match "^%s*()[^;]*();?"
    add(first, last - 1, is_c and "(void)0" or "")
  end
  return list
end

--- A hash of 31 bits: a polynomial, and steps of a generator of random numbers, which spread similar texts.
local function hash(text)
  local h = 1
  for i = 1, #text do h = (h * 16807 + text:byte(i)) % 2147483647 end
  for _ = 1, 3 do h = (h % 65536 * 48271 + math.floor(h / 65536) * 69621 + 1) % 2147483647 end
  return h
end

--- Returns one mutant for each line of the files that can be changed, in an order that depends on the seed only.
return function(paths, seed)
  local mutants = {}
  for _, path in ipairs(paths) do
    local file = assert(io.open(path, "rb"))
    local text, is_c, seen, number, start = file:read "a", not path:find "%.lua$", {}, 0, 1
    file:close()
    local masked = mask(text, is_c)
    for line, after in text:gmatch "([^\n]*)\n()" do
      number = number + 1
      local changes = changes_of(line, masked:sub(start, start + #line - 1), is_c)
      if changes[1] then
        seen[line] = (seen[line] or 0) + 1
        local key = hash(("%d %s %d %s"):format(seed, path, seen[line], line))
        local from, to, with = unpack(changes[math.floor(key / 2) % #changes + 1])
        local changed = line:sub(1, from - 1) .. with .. line:sub(to + 1)
        mutants[#mutants + 1] = {
          key = key, path = path, number = number, before = line, after = changed, is_c = is_c, original = text,
          text = text:sub(1, start - 1) .. changed .. text:sub(start + #line),
        }
      end
      start = after
    end
  end
  table.sort(mutants, function(a, b)
    return a.key < b.key or a.key == b.key and a.path .. a.number < b.path .. b.number
  end)
  return mutants
end
