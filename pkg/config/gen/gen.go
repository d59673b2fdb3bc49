// Command gen writes conf.gen.go from the configuration schema.
package main

import (
	"github.com/conductorone/baton-sdk/pkg/config"

	cfg "github.com/conductorone/baton-openai/pkg/config"
)

func main() {
	config.Generate("openai", cfg.Config)
}
