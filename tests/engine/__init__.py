"""The unchanged program under the real Pulumi engine, against an imitation of the providers and what stands behind."""
