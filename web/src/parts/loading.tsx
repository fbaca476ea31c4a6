import { Loader } from '@mantine/core';

export const Loading = () => <Loader size="sm" role="status" aria-label="Loading" />;
