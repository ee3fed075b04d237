-- Finds functions that take more than linear time on a run of one character.

local M = {}

--- Each has a meaning in several texts that the library reads.
local CHARACTERS = { " ", "0", "a", '"', "[", ",", ":", ".", "%", "=", "@" }

-- Each size is eight times the one before, so that quadratic time grows 64 times. The small sizes come first: they find
-- quadratic and cubic time within seconds.
local SIZES, MAX_GROWTH, NOISE, TRIES = { 128, 1024, 8192, 65536 }, 40, 0.05, 3

-- Linear time grows 8 times. More than this is measured again.
local SUSPECT_GROWTH = 16

-- `make test-linear` sets this variable. The suite leaves out 1 MiB, which takes minutes.
M.IS_FULL = os.getenv "DATAWORKS_LINEAR" == "full"
if M.IS_FULL then
  SIZES = { 256, 2048, 16384, 131072, 1048576 }
end

local function measure(fn, character, size)
  local text = character:rep(size)
  local started = os.clock()
  fn(text)
  return os.clock() - started
end

--- The least of several measurements of the same text.
local function measure_again(fn, character, size, first)
  local least = first
  for _ = 2, TRIES do
    least = math.min(least, measure(fn, character, size))
  end
  return least
end

--- Calls a function with longer and longer runs of a character.
---@param fn fun(text: string)
---@param character string
---@return string|nil fault
function M.find_fault_of(fn, character)
  local before = measure(fn, character, SIZES[1] / 8)
  for _, size in ipairs(SIZES) do
    local took = measure(fn, character, size)
    if took > SUSPECT_GROWTH * before + NOISE then
      -- A busy machine may have lengthened either measurement. A wrong one here could let the next size take hours.
      before = measure_again(fn, character, size / 8, before)
      took = measure_again(fn, character, size, took)
    end
    if took > MAX_GROWTH * before + NOISE then
      return ("%d of %q take %.2f s, an eighth of them %.4f s"):format(size, character, took, before)
    end
    before = took
  end
end

--- Calls a function with longer and longer runs of each character.
---@param fn fun(text: string)
---@param more? string[] characters beside the common ones
---@return string|nil fault the first that is found
function M.find_fault(fn, more)
  for _, characters in ipairs { CHARACTERS, more or {} } do
    for _, character in ipairs(characters) do
      local fault = M.find_fault_of(fn, character)
      if fault then
        return fault
      end
    end
  end
end

return M
