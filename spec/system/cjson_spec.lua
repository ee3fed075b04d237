-- The reader and writer of JSON, compared with lua-cjson.

local cjson_oracle = require "spec.support.cjson_oracle"
local core = require "dataworks.core"

describe("decode", function()
  local random = math.random
  local SCALARS = { "null", "true", "false", "0", "-1", "12", "9007199254740991", "1.5", "-0.25e2", "1e-5", "123456.75", '""' }
  local PIECES = { "a", "key", " ", "é", "€", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u20ac", "\\ud83d\\ude00", "long piece of text " }
  local BLANKS = { "", "", "", "", " ", "\n", "\t ", "\r\n" }
  local NOISE = { ",", ":", "[", "]", "{", "}", '"', "\\", "0", "-", "e", ".", "t", "n", "\\u", "\\ud800", " ", "x", "\1", "'" }

  local function text_of()
    local parts = {}
    for i = 1, random(0, 4) do parts[i] = PIECES[random(#PIECES)] end
    return '"' .. table.concat(parts) .. '"'
  end

  local function blank() return BLANKS[random(#BLANKS)] end

  local function document(depth)
    local kind = random(depth > 5 and 2 or 5)
    if kind == 1 then return SCALARS[random(#SCALARS)] end
    if kind == 2 then return text_of() end
    local items, is_list = {}, kind == 3
    for i = 1, random(0, random(40) == 1 and 80 or 4) do
      items[i] = blank() .. (is_list and "" or text_of() .. blank() .. ":" .. blank()) .. document(depth + 1 + #items / 20) .. blank()
    end
    return (is_list and "[" or "{") .. table.concat(items, ",") .. blank() .. (is_list and "]" or "}")
  end

  local function damaged(text)
    local at = random(#text)
    local noise = random(2) == 1 and NOISE[random(#NOISE)] or ""
    return text:sub(1, at - 1) .. noise .. text:sub(at + random(0, 1))
  end

  it("accepts, refuses and understands 10,000 random documents as lua-cjson does", function()
    math.randomseed(8259)
    local accepted, refusals = 0, 0
    for i = 1, 10000 do
      local text = document(i % 10 == 0 and 0 or 3)
      if i % 2 == 0 then text = damaged(text) end
      local verdict = cjson_oracle.read(text)
      assert.truthy(verdict == "accepted" or verdict == "refused", verdict .. ": " .. text)
      if verdict == "accepted" then
        accepted = accepted + 1
        local again = assert(core.encode(core.decode(text)))
        assert.equal(again, core.encode(core.decode(again)))
      else
        refusals = refusals + 1
      end
    end
    assert.is_true(accepted > 4000 and refusals > 2500, accepted .. " " .. refusals)
  end)

  it("keeps the spelling of random numbers", function()
    math.randomseed(20240518)
    for _ = 1, 3000 do
      local text = assert(core.encode((random() - 0.5) * 10 ^ random(-300, 300)))
      assert.equal(text, core.encode(core.decode(text)))
    end
  end)
end)
