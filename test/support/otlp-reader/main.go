// Decodes OTLP in JSON with the library of OpenTelemetry's own collector, and writes what it understood. The test compares both:
// what the collector does not know would be missing.
package main

import (
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

type request interface {
	UnmarshalJSON([]byte) error
	MarshalJSON() ([]byte, error)
}

func main() {
	if err := decode(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func decode() error {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var read request = ptraceotlp.NewExportRequest()
	if os.Args[1] == "metrics" {
		read = pmetricotlp.NewExportRequest()
	}
	if err := read.UnmarshalJSON(body); err != nil {
		return err
	}
	understood, err := read.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(understood)
	return err
}
