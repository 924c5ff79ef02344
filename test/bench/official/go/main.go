// Reads secrets over HTTPS with the official client for Go. For each line of input, `<in flight> <reads>`, it prints the CPU
// microseconds per read.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"syscall"

	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/logger"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/models"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/service"
)

func main() {
	region := models.NewRegionInfoWithEndpoint("cn-hangzhou", os.Getenv("KMS_ENDPOINT"))
	manager := service.NewDefaultSecretManagerClientBuilder().Standard().
		WithAccessKey(os.Getenv("KMS_ACCESS_KEY_ID"), os.Getenv("KMS_ACCESS_KEY_SECRET")).AddRegionInfo(region).Build()
	// By default, the client prints a line for each refresh.
	quiet := logger.NewDefaultLogger(log.New(io.Discard, "", 0))
	client, err := sdk.NewSecretCacheClientBuilder(manager).WithLogger(quiet).Build()
	exitOn(err)
	value, err := client.GetStringValue("app/secret-0")
	exitOn(err)
	if len(value) < 7 || value[:7] != "s3cret-" {
		exitOn(fmt.Errorf("the client returned no secret"))
	}
	input := bufio.NewReader(os.Stdin)
	for {
		var inFlight, reads int
		_, err := fmt.Fscanln(input, &inFlight, &reads)
		if err == io.EOF {
			return
		}
		exitOn(err)
		fmt.Println(microsPerRead(client, inFlight, reads))
	}
}

func microsPerRead(client *sdk.SecretManagerCacheClient, inFlight, reads int) float64 {
	rounds := (reads + inFlight - 1) / inFlight
	before := cpuMicros()
	var readers sync.WaitGroup
	for reader := 0; reader < inFlight; reader++ {
		readers.Add(1)
		go func(name string) {
			defer readers.Done()
			for round := 0; round < rounds; round++ {
				refreshed, err := client.RefreshNow(name)
				exitOn(err)
				if !refreshed {
					exitOn(fmt.Errorf("%s was not refreshed", name))
				}
			}
		}(fmt.Sprintf("app/secret-%d", reader))
	}
	readers.Wait()
	return float64(cpuMicros()-before) / float64(rounds*inFlight)
}

func cpuMicros() int64 {
	var usage syscall.Rusage
	exitOn(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano()/1_000 + usage.Stime.Nano()/1_000
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
