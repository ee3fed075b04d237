-- Finds code that is allowed only in a few files: lua5.4 tools/forbidden.lua [FOLDER]

--- Each row has a folder, a pattern for the code of a line, the reason why the code is forbidden, and parts of the
--- paths of the files that may have the code. With strings = true, the pattern is matched only with the strings of a
--- line.

local ROWS = {
  { "csrc", "%(int%)%s*[%w_(]", "a size may be larger than an int: use clamp_to_int",
    { "shared/buffer.h", "system/process.c", "curl/lua_transfer.c", "curl/lua_multi.c", "curl/multi.c",
      "core/lua_text.c" } },
  { "csrc", '%%[%.%d*]*[efgEG][^%w%[]', "printf writes the decimal point of the locale: use json_format_double",
    { "core/json_write.c" } },
  { "csrc", "%f[%w]strto[df]%f[%W]", "it reads the decimal point of the locale", { "core/json_number.c" } },
  { "csrc", "%f[%w]ato[fil]%f[%W]", "it has no errors", {} },
  { "csrc", "luaL_checkstack", "it calls a lack of memory a stack overflow: use reserve_stack", {} },
  { "csrc", "luaL_newmetatable", "a metatable may be half filled: use new_class", { "compat.h" } },
  { "csrc", "memory", "a message must not speak of memory: use out_of_memory, or a code of the transport",
    { "compat.h", "core/encoding.c", "curl/" }, strings = true },
  { "csrc", "%f[%w_]nanosleep%(", "Ctrl-C must end each wait", { "curl/curl.c", "system/process.c" } },
  { "csrc", "%f[%w_]poll%(", "Ctrl-C must end each wait", { "curl/watch.c", "curl/sockets.c", "curl/multi.c",
      "system/process.c" } },
  { "csrc", "curl_multi_poll", "Ctrl-C must end each wait", { "curl/session.c" } },
  { "csrc", "curl_easy_perform", "Ctrl-C must end each wait: use curl_multi_poll", {} },
  { "csrc", "CURLOPT_[%w_]*[SK][SE][LY]", "a TLS option belongs to struct identity", { "curl/session.c" } },
  { "lua", "%f[%w]cjson%f[%W]", "the library has its own reader of JSON: use core.decode_reply", {} },
  { "lua", "%%[%.%d]*[efgEG]%f[^%w%[]", "string.format writes the decimal point of the locale: use core.decimal",
    { "limit/shared.lua", "emulator/" }, strings = true },
}

local folder = arg[1] or "."
local faults = 0

--- Does the path contain one of the texts?
local function is_listed(path, files)
  for _, name in ipairs(files) do
    if path:find(name, 1, true) then return true end
  end
  return false
end

--- Returns the part of a line that the pattern of a row is matched with: the code without the comment, or only the
--- strings.
local function part_of(line, row)
  line = row[1] == "csrc" and line:gsub("/%*.*", ""):gsub("^%s*%*.*", "") or line:gsub("%-%-.*", "")
  if not row.strings then return line end
  local strings = {}
  for text in line:gmatch '"([^"]*)"' do strings[#strings + 1] = text .. " " end
  return table.concat(strings, " ")
end

--- Prints each line of a file that has the code of a row.
local function check(path, row)
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local found = part_of(line, row):match(row[2])
    -- The format %.0f is allowed, because it writes no decimal point.
    if found and not found:find "^%%%.0f" then
      faults = faults + 1
      print(("%s:%d: %s: %s"):format(path, number, found, row[3]))
    end
  end
end

for _, row in ipairs(ROWS) do
  local pipe = assert(io.popen(("find %s/%s -name '*.[chl]*' | LC_ALL=C sort"):format(folder, row[1])))
  for path in pipe:lines() do
    if not is_listed(path, row[4]) then check(path, row) end
  end
  pipe:close()
end

if faults > 0 then
  print(faults .. " faults")
  os.exit(1)
end
