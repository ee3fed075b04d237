-- Takes numbers, texts and JSON values from the bytes that a fuzzer chooses. Missing bytes count as zeros.

local core = require "dataworks.core"

local Bytes = {}
Bytes.__index = Bytes

local MAX_DEPTH = 6

local M = {}

function M.new(text) return setmetatable({ text = text, at = 1 }, Bytes) end

function Bytes:byte()
  local value = self.text:byte(self.at) or 0
  self.at = self.at + 1
  return value
end

--- A number from 0 to n - 1.
function Bytes:below(n) return self:byte() % n end

function Bytes:pick(list) return list[self:below(#list) + 1] end

--- A text: a byte for its length, and then its bytes.
function Bytes:word()
  local len = self:byte()
  local text = self.text:sub(self.at, self.at + len - 1)
  self.at = self.at + len
  return text
end

--- The rest of the bytes.
function Bytes:rest()
  local text = self.text:sub(self.at)
  self.at = #self.text + 1
  return text
end

function Bytes:is_at_end() return self.at > #self.text end

--- The words up to the end of the bytes, at most `max`.
function Bytes:words(max)
  local words = {}
  while #words < max and not self:is_at_end() do words[#words + 1] = self:word() end
  return words
end

local FLOATS = { 0.5, -0.25, 1e300, 1e-7, 2 ^ 53, 0.1, -1e15, 123456.789, 1 / 3, 1.5e-9 }

--- A value that JSON has a form for.
function Bytes:value(depth)
  local kind = self:below((depth or 0) < MAX_DEPTH and 8 or 5)
  if kind == 0 then return core.null end
  if kind == 1 then return self:below(2) == 1 end
  if kind == 2 then return self:word() end
  if kind == 3 then return (self:byte() - 128) * 256 ^ self:below(6) end
  if kind == 4 then return self:pick(FLOATS) end
  local value = {}
  if kind == 5 then
    for _ = 1, self:below(5) do value[self:word()] = self:value((depth or 0) + 1) end
  else
    for i = 1, self:below(5) do value[i] = self:value((depth or 0) + 1) end
    core.list(value)
  end
  return value
end

return M
