-- Says what a user can do about a message of a database. LuaDBI gives no codes, so that parts of the messages decide.

local ADVICE = {
  { "readonly database", "The file or its folder cannot be written; nothing was changed." },
  { "read-only transaction", "The database takes no writes, as a standby does. Name the primary server." },
  { "permission denied", "The user may not create or change tables there. Grant that, or name another database." },
  { "unable to open database file", "The folder does not exist or may not be written, or the path is a folder." },
  { "disk is full", "Free some space, and run the same command again; it goes on." },
  { "No space left", "Free some space, and run the same command again; it goes on." },
  { "disk I/O error", "Check the disk and its free space, and run the same command again; it goes on." },
  { "not a database", "The file is no ledger. Name another file." },
  { "malformed", "The file is damaged. Restore it, or begin with a new file: tasks whose names exist are adopted." },
}

---@param message string
---@return string|nil advice
return function(message)
  for _, row in ipairs(ADVICE) do
    if message:find(row[1], 1, true) then
      return row[2]
    end
  end
end
