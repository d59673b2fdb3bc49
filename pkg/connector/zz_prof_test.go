//go:build bench

package connector_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestZZProf(t *testing.T) {
	server := &openaitest.Server{Organization: benchmark{2000}.organization()}
	l := httptest.NewServer(server)
	defer l.Close()
	bin, _ := os.Executable()
	c := exec.Command(bin, "-test.run=^TestBenchmarkRole$", "-test.cpuprofile=/tmp/cpu.prof")
	c.Env = append(os.Environ(), roleEnv+"=connector", "BENCH_URL="+l.URL+"/v1", "BENCH_FILE="+filepath.Join(t.TempDir(), "x.c1z"), "BENCH_OUTPUT="+filepath.Join(t.TempDir(), "o"))
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
}
