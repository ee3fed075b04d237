return { new = require("dataworks.protocol.key_cache").hider }
