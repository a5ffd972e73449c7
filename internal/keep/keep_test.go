package keep

import _ "github.com/rogpeppe/go-internal/testscript"
