-- The words of a text, separated by spaces or commas, as a set.

---@param text string
---@return table<string, boolean>
return function(text)
  local set = {}
  for word in text:gmatch("[^,%s]+") do
    set[word] = true
  end
  return set
end
