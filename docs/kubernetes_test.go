//go:build conformance

package docs_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// manifest decodes a file as the API server does with strict field validation: an unknown or repeated field is an error.
func manifest[T any](t *testing.T, name string) *T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("kubernetes", name))
	require.NoError(t, err)
	require.NotContains(t, string(text), "\n---", "one object in each file: what follows would not be checked")
	decoded := new(T)
	require.NoError(t, yaml.UnmarshalStrict(text, decoded))
	return decoded
}

func deployment(t *testing.T) (*appsv1.Deployment, *corev1.Container) {
	t.Helper()
	decoded := manifest[appsv1.Deployment](t, "deployment.yaml")
	require.Equal(t, "apps/v1 Deployment", decoded.APIVersion+" "+decoded.Kind)
	require.Len(t, decoded.Spec.Template.Spec.Containers, 1)
	require.Empty(t, decoded.Spec.Template.Spec.InitContainers)
	return decoded, &decoded.Spec.Template.Spec.Containers[0]
}

// The tests below decode every manifest.
func TestManifestsAreAllChecked(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("kubernetes/*")
	require.NoError(t, err)
	require.Equal(t, []string{"kubernetes/deployment.yaml", "kubernetes/networkpolicy.yaml", "kubernetes/secret.yaml"}, files)
}

// The pod passes the "restricted" Pod Security Standard, and can write nowhere but in /tmp.
func TestDeploymentIsRestricted(t *testing.T) {
	t.Parallel()
	decoded, container := deployment(t)
	pod := decoded.Spec.Template.Spec

	require.NotNil(t, pod.AutomountServiceAccountToken)
	assert.False(t, *pod.AutomountServiceAccountToken)
	assert.False(t, pod.HostNetwork || pod.HostPID || pod.HostIPC)

	require.NotNil(t, pod.SecurityContext)
	require.NotNil(t, pod.SecurityContext.RunAsNonRoot)
	assert.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.NotNil(t, pod.SecurityContext.RunAsUser)
	dockerfile, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	assert.Contains(t, string(dockerfile), "\nUSER "+strconv.FormatInt(*pod.SecurityContext.RunAsUser, 10)+":", "the image's user")
	require.NotNil(t, pod.SecurityContext.SeccompProfile)
	assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)

	context := container.SecurityContext
	require.NotNil(t, context)
	require.NotNil(t, context.AllowPrivilegeEscalation)
	assert.False(t, *context.AllowPrivilegeEscalation)
	require.NotNil(t, context.ReadOnlyRootFilesystem)
	assert.True(t, *context.ReadOnlyRootFilesystem)
	assert.Nil(t, context.Privileged)
	assert.Nil(t, context.RunAsUser, "the pod says it")
	require.NotNil(t, context.Capabilities)
	assert.Equal(t, []corev1.Capability{"ALL"}, context.Capabilities.Drop)
	assert.Empty(t, context.Capabilities.Add)

	require.Len(t, pod.Volumes, 1)
	require.NotNil(t, pod.Volumes[0].EmptyDir)
	require.NotNil(t, pod.Volumes[0].EmptyDir.SizeLimit, "a sync must not fill the node's disk")
	assert.Equal(t, []corev1.VolumeMount{{Name: pod.Volumes[0].Name, MountPath: "/tmp"}}, container.VolumeMounts)
	for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		assert.Contains(t, container.Resources.Requests, resource)
		assert.Contains(t, container.Resources.Limits, resource)
	}
}

// The selectors match the pod, and the pod finds its secret.
func TestManifestsFitTogether(t *testing.T) {
	t.Parallel()
	decoded, container := deployment(t)
	secret := manifest[corev1.Secret](t, "secret.yaml")
	require.Equal(t, "v1 Secret", secret.APIVersion+" "+secret.Kind)
	policy := manifest[networkingv1.NetworkPolicy](t, "networkpolicy.yaml")
	require.Equal(t, "networking.k8s.io/v1 NetworkPolicy", policy.APIVersion+" "+policy.Kind)

	labels := decoded.Spec.Template.Labels
	require.NotEmpty(t, labels)
	for _, selector := range []map[string]string{decoded.Spec.Selector.MatchLabels, policy.Spec.PodSelector.MatchLabels} {
		require.NotEmpty(t, selector)
		assert.Subset(t, labels, selector)
	}
	assert.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}, policy.Spec.PolicyTypes)
	assert.Empty(t, policy.Spec.Ingress)

	require.Len(t, container.EnvFrom, 1)
	require.NotNil(t, container.EnvFrom[0].SecretRef)
	assert.Equal(t, secret.Name, container.EnvFrom[0].SecretRef.Name)
	assert.Equal(t, []string{"BATON_CLIENT_ID", "BATON_CLIENT_SECRET", "BATON_OPENAI_ADMIN_KEY"}, slices.Sorted(maps.Keys(secret.StringData)))
	assert.Empty(t, secret.Data)
	for name, value := range secret.StringData {
		assert.Regexp(t, "^REPLACE-WITH-[A-Z-]+$", value, name)
	}
}

// The SDK reads every variable, the deployment has no secret, and the probes use the port of the server.
func TestDeploymentEnvironment(t *testing.T) {
	t.Parallel()
	_, container := deployment(t)
	known := environment(t)
	secret := manifest[corev1.Secret](t, "secret.yaml")
	for name := range secret.StringData {
		assert.Contains(t, known, name)
	}
	set := map[string]string{}
	for _, entry := range container.Env {
		assert.Contains(t, known, entry.Name)
		assert.NotContains(t, set, entry.Name, "set twice")
		assert.NotContains(t, secret.StringData, entry.Name, "it would override the secret")
		set[entry.Name] = entry.Value
	}
	assert.Contains(t, set, hostID)
	assert.Equal(t, "true", set["BATON_HEALTH_CHECK"])
	require.NotContains(t, []string{"", "127.0.0.1", "localhost"}, set["BATON_HEALTH_CHECK_BIND_ADDRESS"], "the kubelet asks from outside of the pod")

	require.Len(t, container.Ports, 1)
	assert.Equal(t, set["BATON_HEALTH_CHECK_PORT"], strconv.Itoa(int(container.Ports[0].ContainerPort)))
	for name, probe := range map[string]*corev1.Probe{"/live": container.LivenessProbe, "/ready": container.ReadinessProbe} {
		require.NotNil(t, probe, name)
		require.NotNil(t, probe.HTTPGet, name)
		assert.Equal(t, name, probe.HTTPGet.Path)
		assert.Equal(t, container.Ports[0].Name, probe.HTTPGet.Port.String())
	}
	require.NotNil(t, container.StartupProbe)
	assert.Equal(t, container.LivenessProbe.HTTPGet, container.StartupProbe.HTTPGet)
}
