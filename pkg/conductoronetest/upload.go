package conductoronetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type uploadStream = grpc.ClientStreamingServer[v1.BatonServiceUploadAssetRequest, v1.BatonServiceUploadAssetResponse]

// UploadAsset receives a file: the id of its task, its parts, and their checksum.
func (b *batonService) UploadAsset(stream uploadStream) error {
	breaks := b.service.breaksUpload()
	taskID, data, err := receive(stream, breaks)
	if err == nil {
		err = b.keep(taskID, data)
	}
	if err != nil {
		// An upload that the daemon gives up is no mistake.
		if breaks || stream.Context().Err() != nil {
			return err
		}
		return b.service.remember("UploadAsset", err)
	}
	return stream.SendAndClose(&v1.BatonServiceUploadAssetResponse{})
}

func (b *batonService) keep(taskID string, data []byte) error {
	b.service.mu.Lock()
	defer b.service.mu.Unlock()
	task, err := b.service.activeTaskLocked(taskID)
	if err != nil {
		return err
	}
	task.uploads = append(task.uploads, data)
	return nil
}

func receive(stream uploadStream, breaks bool) (string, []byte, error) {
	var taskID string
	var data bytes.Buffer
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return "", nil, status.Error(codes.InvalidArgument, "the upload ends without a checksum")
		}
		if err != nil {
			return "", nil, err
		}
		if err := checkMessage(message); err != nil {
			return "", nil, err
		}
		switch {
		case message.HasMetadata():
			if taskID != "" {
				return "", nil, status.Error(codes.InvalidArgument, "the upload names its task twice")
			}
			taskID = message.GetMetadata().GetTaskId()
		case taskID == "":
			return "", nil, status.Error(codes.InvalidArgument, "the upload does not begin with its task")
		case message.HasData():
			data.Write(message.GetData().GetData())
			if breaks {
				return "", nil, errFault
			}
		default:
			return taskID, data.Bytes(), complete(stream, message.GetEof().GetSha256Checksum(), data.Bytes())
		}
	}
}

// complete checks the checksum, and that it is the end of the stream.
func complete(stream uploadStream, checksum, data []byte) error {
	sum := sha256.Sum256(data)
	if !bytes.Equal(sum[:], checksum) {
		return status.Error(codes.DataLoss, "the checksum does not fit what was uploaded")
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return status.Error(codes.InvalidArgument, "the upload goes on after its checksum")
	}
	return nil
}
