-- The headers and the body of a reply, and the headers of a request, in dataworks.curl.

local bytes = require "spec.fuzz.bytes"
local native = require "spec.fuzz.native"

local MAX_BODY = 300

local M = {}

M.curl_reply = {
  planted = { "csrc/curl/reply.c", "if (memchr(line, '\\0', len))", "if (0)" },
  covers = { "csrc/curl/reply.c" },
  run = function(text)
    local from = bytes.new(text)
    local lines, pieces = {}, {}
    for i = 1, from:below(12) do lines[i] = from:word() end
    for i = 1, from:below(4) do pieces[i] = from:word() end
    local block, count, body = native.reply(MAX_BODY, lines, pieces)
    local _, texts = block:gsub("%z", "")
    assert(texts % 2 == 0 and texts / 2 <= count, "the block is not in pairs")
    assert(block == "" or block:sub(-1) == "\0", "a text has no end")
    assert(#body <= MAX_BODY and table.concat(pieces):sub(1, #body) == body, "another body")
  end,
}

M.curl_headers = {
  planted = { "csrc/curl/headers.c", "!memchr(text.data, '\\n', text.len)", "1" },
  covers = { "csrc/curl/headers.c" },
  run = function(text)
    local words = bytes.new(text):words(16)
    if #words % 2 == 1 then words[#words] = nil end
    local lines, refusal = native.headers(words)
    if not lines then
      assert(type(refusal) == "string", "no reason")
      return
    end
    assert(#lines == #words / 2 + 4, "another number of headers")
    for i = 1, #words, 2 do
      local line = lines[(i + 1) / 2]
      assert(not line:find "[\r\n]", "a header has two lines")
      assert(line == words[i] .. ": " .. words[i + 1] or line == words[i] .. ";" and not words[i + 1]:find "[^ \t]", "another header")
    end
  end,
}

return M
